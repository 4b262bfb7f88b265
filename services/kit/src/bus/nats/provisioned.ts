import type { NatsConnection } from '@nats-io/transport-node';
import type { QueueProfile } from '@penstock/model';
import { KitError } from '../../errors.ts';
import { apiFault, missing } from './faults.ts';
import type { RequestLane } from './request-lane.ts';
import {
  consumerConfigOf,
  deadLetterStreamConfigOf,
  describeDifferences,
  differencesOf,
  streamConfigOf,
} from './stream-config.ts';

const TIMEOUT_MS = 5_000;
const COPIES_OF_REPLICATED = 2;

interface Info {
  readonly config: { readonly num_replicas?: number };
}

/**
 * Holds what is on the server against the profile. How many copies there are is the environment's business, with one
 * exception: on a cluster, `replicated` means more than one.
 *
 * @throws {KitError} `queue-missing`, `queue-mismatch` with every field, `bus-unreachable`
 */
export async function checkProvisioned(
  connection: NatsConnection,
  lane: RequestLane,
  profile: QueueProfile,
): Promise<void> {
  const { stream, deadLetterStream, consumer } = profile;
  const queue = await infoOf(lane, `STREAM.INFO.${stream}`, `stream ${stream}`);
  const dead = await infoOf(lane, `STREAM.INFO.${deadLetterStream}`, `stream ${deadLetterStream}`);
  const pull = await infoOf(lane, `CONSUMER.INFO.${stream}.${consumer}`, `consumer ${consumer} of stream ${stream}`);
  const faults = [
    difference(`stream ${stream}`, queue, streamConfigOf(profile, queue.config.num_replicas ?? 1)),
    difference(`stream ${deadLetterStream}`, dead, deadLetterStreamConfigOf(profile, dead.config.num_replicas ?? 1)),
    difference(`consumer ${consumer}`, pull, consumerConfigOf(profile)),
  ].filter((fault) => fault !== '');
  const copies = Math.min(queue.config.num_replicas ?? 1, dead.config.num_replicas ?? 1);
  if (profile.durability === 'replicated' && connection.info?.cluster !== undefined && copies < COPIES_OF_REPLICATED) {
    faults.push(
      `stream ${stream}: num_replicas is ${copies}, expected ${COPIES_OF_REPLICATED} or more for durability replicated`,
    );
  }
  if (faults.length === 0) return;
  throw new KitError('queue-mismatch', faults.join('; '), { repair: 'provision it with the same profile' });
}

async function infoOf(lane: RequestLane, request: string, what: string): Promise<Info> {
  const info = await lane.ask<Info>(`$JS.API.${request}`, {}, TIMEOUT_MS);
  if (info.error !== undefined) throw apiFault(info.error, what);
  if (info.config === undefined) throw missing(what);
  return info;
}

function difference(what: string, { config }: Info, expected: object): string {
  const differences = differencesOf(config, expected);
  return differences.length === 0 ? '' : `${what}: ${describeDifferences(differences)}`;
}
