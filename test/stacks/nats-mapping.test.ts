import { describe, expect, test } from '@jest/globals';
import { queueProfile, type ResolvedQueue } from '@penstock/model';
import { consumerSpec, deadLetterStreamSpec, streamSpec } from '../../constructs/kubernetes/index.ts';
import { goDurationMs } from '../../constructs/policies/go-duration.ts';
import {
  consumerConfigOf,
  deadLetterStreamConfigOf,
  streamConfigOf,
} from '../../services/kit/src/bus/nats/stream-config.ts';
import { platform } from '../../stacks/platform.ts';

// Manifests (NACK's names, Go durations) and the services' driver (JetStream's names, nanoseconds) describe one thing.

const worker = platform.workers.classify;
const profile = queueProfile(platform.queues.mails as ResolvedQueue, worker);
const REPLICAS = 3;
const storage = { replicas: REPLICAS, maxBytes: 1_000_000_000 };

/** What NACK hands to the server: its own fields aside, snake case, durations in nanoseconds. */
const DURATIONS: readonly string[] = ['maxAge', 'duplicateWindow', 'ackWait'];
const RENAMED: Readonly<Record<string, string>> = { replicas: 'num_replicas', allowMsgTtl: 'allow_msg_ttl' };
const OWN: readonly string[] = ['preventDelete', 'streamName'];

function onTheServer(spec: object): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(spec)
      .filter(([key]) => !OWN.includes(key))
      .map(([key, value]) => [
        RENAMED[key] ?? key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
        DURATIONS.includes(key) ? (goDurationMs(value as string) ?? Number.NaN) * 1_000_000 : value,
      ]),
  );
}

describe('the streams and the consumer of a queue are the same in manifests and in the driver', () => {
  test('stream: field by field, and on top only the bound on its disk', () => {
    const { max_bytes, ...fields } = onTheServer(streamSpec(profile, storage));
    expect(fields).toEqual(streamConfigOf(profile, REPLICAS));
    expect(max_bytes).toBe(storage.maxBytes);
  });

  test('dead-letter stream: field by field, and on top only the bound on its disk', () => {
    const { max_bytes, ...fields } = onTheServer(deadLetterStreamSpec(profile, storage));
    // NACK writes "no age" by leaving it out.
    expect({ max_age: 0, ...fields }).toEqual(deadLetterStreamConfigOf(profile, REPLICAS));
    expect(max_bytes).toBe(storage.maxBytes);
  });

  test('consumer: field by field', () => {
    expect(onTheServer(consumerSpec(profile))).toEqual(consumerConfigOf(profile));
  });

  test('a duration that is no whole second keeps its milliseconds', () => {
    expect(onTheServer(consumerSpec({ ...profile, ackWaitMs: 5_250 }))['ack_wait']).toBe(5_250_000_000);
  });
});
