import { describe, expect, test } from '@jest/globals';
import { queueProfile, type ResolvedQueue } from '@penstock/model';
import { consumerSpec, deadLetterStreamSpec, streamSpec } from '../../constructs/kubernetes/index.ts';
import {
  consumerConfigOf,
  deadLetterStreamConfigOf,
  streamConfigOf,
} from '../../services/kit/src/bus/nats/stream-config.ts';
import { platform } from '../../stacks/platform.ts';
import { asNackApplies } from '../helpers/manifests.ts';

// Manifests (NACK's names, Go durations) and the services' driver (JetStream's names, nanoseconds) describe one thing.

const worker = platform.workers.classify;
const profile = queueProfile(platform.queues.mails as ResolvedQueue, worker);
const REPLICAS = 3;
const storage = { replicas: REPLICAS, maxBytes: 1_000_000_000 };

describe('the streams and the consumer of a queue are the same in manifests and in the driver', () => {
  test('stream: field by field, and on top only the bound on its disk', () => {
    const { max_bytes, ...fields } = asNackApplies(streamSpec(profile, storage));
    expect(fields).toEqual(streamConfigOf(profile, REPLICAS));
    expect(max_bytes).toBe(storage.maxBytes);
  });

  test('dead-letter stream: field by field, and on top only the bound on its disk', () => {
    const { max_bytes, ...fields } = asNackApplies(deadLetterStreamSpec(profile, storage));
    // NACK writes "no age" by leaving it out.
    expect({ max_age: 0, ...fields }).toEqual(deadLetterStreamConfigOf(profile, REPLICAS));
    expect(max_bytes).toBe(storage.maxBytes);
  });

  test('consumer: field by field', () => {
    expect(asNackApplies(consumerSpec(profile))).toEqual(consumerConfigOf(profile));
  });

  test('a duration that is no whole second keeps its milliseconds', () => {
    expect(asNackApplies(consumerSpec({ ...profile, ackWaitMs: 5_250 }))['ack_wait']).toBe(5_250_000_000);
  });
});
