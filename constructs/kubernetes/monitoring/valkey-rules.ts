import { Duration } from '@penstock/model';
import type { AlertProps } from '../../monitoring/alert.ts';
import { VALKEY_FULL_SHARE } from '../../monitoring/limits.ts';
import { series, VALKEY_METRICS } from '../../monitoring/promql.ts';
import { serverMissing } from '../../monitoring/server-missing.ts';
import type { ValkeyService } from '../valkey-service.ts';

const FULL_HOLDS = Duration.parse('5 minutes');
const LOG_HOLDS = Duration.parse('1 minute');

/** A cache that is full does what it is for; only what is to last has more to say than that it is there. */
export function valkeyAlertRules(service: ValkeyService, job: string): readonly AlertProps[] {
  const { name, namespace, servers, isDurable } = service;
  const of = { job, namespace };
  const labels = { namespace, job };
  const title = `Valkey ${name}`;
  return [
    serverMissing({
      title,
      job,
      namespace,
      servers,
      consequence: isDurable
        ? 'nobody takes over from the only one'
        : 'what the others do not have is computed again, and whoever computes it has to bear that',
    }),
    ...(isDurable
      ? ([
          {
            name: 'PenstockValkeyFull',
            expr: `max(${series(VALKEY_METRICS.memoryUsed, of)} / ${series(VALKEY_METRICS.memoryMost, of)}) > ${VALKEY_FULL_SHARE}`,
            holds: FULL_HOLDS,
            severity: 'page',
            labels,
            summary: `${title}: nearly full, and it forgets nothing`,
            description:
              '{{ $value | humanizePercentage }} of the memory for data is taken; at all of it writes are refused.',
          },
          {
            name: 'PenstockValkeyLogFailing',
            expr: `min(${series(VALKEY_METRICS.logWritten, of)}) < 1`,
            holds: LOG_HOLDS,
            severity: 'page',
            labels,
            summary: `${title}: its log cannot be written`,
            description: 'The last write of the log failed: writes are refused until one succeeds.',
          },
        ] as const)
      : []),
  ];
}
