import type { QueueProfile } from '@penstock/model';

/** A profile with short times; names are legal on every backbone. */
export function testProfile(id: string, overrides: Partial<QueueProfile> = {}): QueueProfile {
  const stream = `TEST_${id.toUpperCase().replaceAll('-', '_')}`;
  return {
    id,
    stream,
    subject: `test.queue.${id}`,
    consumer: 'worker',
    deadLetterStream: `${stream}_DEAD`,
    deadLetterSubject: `test.dead.${id}`,
    durability: 'fsync',
    ackWaitMs: 30_000,
    maxAckPending: 100,
    maxAttempts: 3,
    backoffMs: [1],
    maxItemBytes: 65_536,
    duplicateWindowMs: 120_000,
    idempotencyWindowMs: 604_800_000,
    retentionMs: 3_600_000,
    doneWithinMs: 60_000,
    ...overrides,
  };
}
