import { goDurationMs } from '../go-duration.ts';
import { specOf } from '../manifest.ts';
import type { Policy } from '../policy.ts';

interface ConsumerSpec {
  readonly streamName: string;
  readonly durableName: string;
  readonly ackPolicy: string;
  readonly ackWait: string;
  readonly maxDeliver: number;
  readonly maxAckPending: number;
  readonly backoff: readonly string[];
}

/** No lease is sensibly shorter: the operator's default is a nanosecond. */
const SHORTEST_ACK_WAIT_MS = 1_000;

/** Rule 57. That the lease is longer than p99 of the work is the model's to hold; what is held here is that one was stated. */
export const consumerLeases: Policy = {
  id: 'consumer-leases',
  rules: [57],
  source: 'NATS documentation (JetStream consumers)',
  reason:
    'the defaults of the operator are no acks and a lease of a nanosecond: work is lost, or delivered to everyone at once',
  check(manifest) {
    if (manifest.kind !== 'Consumer') return [];
    const {
      streamName,
      durableName,
      ackPolicy,
      ackWait,
      maxDeliver,
      maxAckPending,
      backoff = [],
    } = specOf<ConsumerSpec>(manifest);
    const wait = goDurationMs(ackWait);
    return [
      ...(streamName === undefined ? ['names no stream'] : []),
      ...(durableName === undefined ? ['is not durable: it forgets what it has given out'] : []),
      ...(ackPolicy === 'explicit' ? [] : [`ackPolicy is ${ackPolicy ?? 'none, the default'}, expected explicit`]),
      ...(wait === undefined || wait < SHORTEST_ACK_WAIT_MS
        ? [`ackWait is ${ackWait ?? 'not stated'}, expected at least 1s`]
        : []),
      ...(maxDeliver === undefined || maxDeliver < 1
        ? ['maxDeliver is not finite: an item that kills its worker comes back for ever']
        : []),
      ...(maxAckPending === undefined || maxAckPending < 1 ? ['maxAckPending is not bounded'] : []),
      ...(maxDeliver !== undefined && backoff.length > maxDeliver
        ? [`has ${backoff.length} backoff steps for ${maxDeliver} deliveries`]
        : []),
    ];
  },
};
