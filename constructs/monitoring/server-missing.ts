import { Duration } from '@penstock/model';
import type { AlertProps } from './alert.ts';
import { series } from './promql.ts';

/** A server that restarts is back by then. */
const MISSING_HOLDS = Duration.parse('5 minutes');

export interface ServerMissingProps {
  /** As people call the software. */
  readonly title: string;
  /** What Prometheus calls the targets. */
  readonly job: string;
  readonly namespace: string;
  readonly servers: number;
  /** What one more that is missing would mean. */
  readonly consequence: string;
}

/** A broker or a database that is scraped: every server of it. */
export const serverMissing = ({ title, job, namespace, servers, consequence }: ServerMissingProps): AlertProps => ({
  name: 'PenstockBrokerMissing',
  expr: `(sum(${series('up', { job, namespace })}) or vector(0)) < ${servers}`,
  holds: MISSING_HOLDS,
  severity: 'page',
  labels: { namespace, job },
  summary: `${title}: a server does not answer`,
  description: `{{ $value }} of ${servers} servers answer; ${consequence}.`,
});
