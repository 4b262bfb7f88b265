import { ARRIVAL_WINDOW, type Rate, type ResolvedQueue, rateTarget } from '@penstock/model';
import type { Binding } from '../../binding.ts';
import { NATS_METRICS, prometheusDuration, rate, series } from '../../monitoring/promql.ts';
import type { Trigger } from '../crd/trigger.ts';
import type { NatsService } from '../nats-service.ts';
import type { TriggerAuthentication } from '../trigger-authentication.ts';

/** How fast work comes: the second signal, which asks for replicas before a backlog has grown. */
export interface ArrivalRate {
  readonly signal: 'arrival-rate';
  readonly trigger: Trigger<'prometheus'>;
}

export interface PrometheusRateProps {
  /** Of the query API, e.g. `http://prometheus.monitoring:9090`. */
  readonly server: Binding<string>;
  /**
   * One number: items a second. Of a series that is there without a single replica, such as those of the broker: a
   * series that goes with the last replica is a failure, and failures start a replica again.
   */
  readonly query: string;
  /** What one replica carries. */
  readonly ratePerReplica: Rate;
  /** How KEDA gets in. @default - the server asks nobody */
  readonly access?:
    | {
        readonly by: 'bearer' | 'basic' | 'certificate';
        readonly authentication: TriggerAuthentication<'prometheus'>;
      }
    | {
        /** By the cloud's own identity. `region` is of Amazon Managed Prometheus. */
        readonly by: 'pod-identity';
        readonly region?: Binding<string>;
        readonly authentication: TriggerAuthentication<'prometheus'>;
      };
}

/**
 * The rate of arrival as Prometheus knows it. It never wakes a worker: below what one replica carries it is silent, and
 * the backlog says when there is something to do.
 *
 * @throws {ConstructError} `reference-missing` when the authentication is not what `by` says; one with nothing but an
 *   authority is none, and KEDA would not read it
 */
export function prometheusRate({ server, query, ratePerReplica, access }: PrometheusRateProps): ArrivalRate {
  const threshold = String(rateTarget(ratePerReplica));
  return {
    signal: 'arrival-rate',
    trigger: prometheusTrigger({ server, access }, { query, threshold, activationThreshold: threshold }),
  };
}

/** A number of Prometheus, which fails where there is none: nothing seen is not nothing there. */
export const prometheusTrigger = (
  { server, access }: { readonly server: Binding<string>; readonly access?: Access | undefined },
  numbers: { readonly query: string; readonly threshold: string; readonly activationThreshold: string },
): Trigger<'prometheus'> => ({
  type: 'prometheus',
  metadata: { serverAddress: server.lower(), ...numbers, ignoreNullValues: 'false', ...modeOf(access) },
  ...(access === undefined ? {} : { authenticationRef: referenceOf(access) }),
});

type Access = NonNullable<PrometheusRateProps['access']>;

function modeOf(access: Access | undefined) {
  if (access === undefined) return {};
  if (access.by === 'pod-identity') return access.region === undefined ? {} : { awsRegion: access.region.lower() };
  return { authModes: access.by === 'certificate' ? 'tls' : access.by } as const;
}

const NEEDED = {
  bearer: ['bearerToken'],
  basic: ['username', 'password'],
  certificate: ['cert', 'key'],
  'pod-identity': 'pod-identity',
} as const;

const referenceOf = ({ by, authentication }: Access) => authentication.refer(`Prometheus by ${by}`, NEEDED[by]);

/**
 * Items a second that come into the stream of a queue, by prometheus-nats-exporter: the growth of its last sequence, as
 * its leader has it. It is there as long as the broker is.
 */
export function jetStreamArrivals(nats: NatsService, queue: Pick<ResolvedQueue, 'stream'>): string {
  const sequence = series(NATS_METRICS.lastSequence, {
    namespace: nats.namespace,
    stream_name: queue.stream,
    is_stream_leader: 'true',
  });
  return `max(${rate(sequence, prometheusDuration(ARRIVAL_WINDOW))})`;
}
