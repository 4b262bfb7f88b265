import type { NatsConnection } from '@nats-io/transport-node';
import type { QueueProfile } from '@penstock/model';
import { KitError } from '../../errors.ts';
import type { BusAdmin } from '../port.ts';
import { connectNats, type NatsBusOptions, type NatsClient } from './connection.ts';
import { apiFault, isNotFound } from './faults.ts';
import { RequestLane } from './request-lane.ts';
import {
  consumerConfigOf,
  deadLetterStreamConfigOf,
  describeDifferences,
  differencesOf,
  streamConfigOf,
} from './stream-config.ts';

export interface NatsBusAdminOptions extends NatsBusOptions {
  /** Servers that hold a copy of each stream. @default - 3 for durability `replicated` on a cluster, otherwise 1 */
  readonly replicas?: number;
}

const TIMEOUT_MS = 5_000;
const REPLICAS_OF_REPLICATED = 3;
/** What a stream or consumer is; everything else about it may change in place. */
const FIXED: readonly string[] = [
  'retention',
  'storage',
  'ack_policy',
  'deliver_policy',
  'replay_policy',
  'allow_msg_ttl',
];

/**
 * The infrastructure's part on NATS JetStream: two streams and a consumer a queue.
 *
 * @throws {KitError} `address-malformed`, `bus-unreachable`
 */
export async function openNatsBusAdmin(options: NatsBusAdminOptions): Promise<BusAdmin> {
  return new NatsBusAdmin(await connectNats(options), options.replicas);
}

interface Resource {
  readonly what: string;
  readonly info: string;
  readonly create: readonly [subject: string, wrap: (config: object) => object];
  readonly update: readonly [subject: string, wrap: (config: object) => object];
  readonly expected: object;
}

class NatsBusAdmin implements BusAdmin {
  readonly #connection: NatsConnection;
  readonly #lane: RequestLane;
  readonly #replicas: number | undefined;

  constructor(client: NatsClient, replicas: number | undefined) {
    this.#connection = client.connection;
    this.#lane = new RequestLane(client);
    this.#replicas = replicas;
  }

  /** @throws {KitError} `queue-mismatch` for what cannot be changed in place, `bus-unreachable` */
  async provision(profile: QueueProfile): Promise<void> {
    const isCluster = this.#connection.info?.cluster !== undefined;
    const needed = profile.durability === 'replicated' && isCluster ? REPLICAS_OF_REPLICATED : 1;
    const replicas = this.#replicas ?? needed;
    // The dead-letter stream first: whoever finds the queue finds a place for what fails in it.
    await this.#ensure(streamResource(deadLetterStreamConfigOf(profile, replicas)));
    await this.#ensure(streamResource(streamConfigOf(profile, replicas)));
    await this.#ensure(consumerResource(profile));
  }

  async close(): Promise<void> {
    await this.#lane.idle();
    this.#lane.close();
    await this.#connection.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #ensure({ what, info, create, update, expected }: Resource): Promise<void> {
    const found = await this.#lane.ask<{ readonly config: object }>(info, {}, TIMEOUT_MS);
    if (found.error !== undefined) {
      if (!isNotFound(found.error)) throw apiFault(found.error, what);
      await this.#apply(what, create, expected);
      return;
    }
    const differences = differencesOf(found.config, expected);
    if (differences.length === 0) return;
    const fixed = differences.filter(({ field }) => FIXED.includes(field));
    if (fixed.length > 0) {
      throw new KitError('queue-mismatch', `${what}: ${describeDifferences(fixed)}, which cannot be changed in place`, {
        repair: 'let the workers empty it, delete it and provision again; or give the queue another id',
      });
    }
    await this.#apply(what, update, { ...found.config, ...expected });
  }

  async #apply(what: string, [subject, wrap]: Resource['create'], config: object): Promise<void> {
    const { error } = await this.#lane.ask<object>(subject, wrap(config), TIMEOUT_MS);
    if (error === undefined) return;
    throw new KitError('queue-mismatch', `${what} is refused by the server: ${error.description} (${error.err_code})`, {
      repair: 'correct the declaration, or the limits of the server and of this account',
    });
  }
}

function streamResource(expected: { readonly name: string }): Resource {
  const { name } = expected;
  const asIs = (config: object): object => config;
  return {
    what: `stream ${name}`,
    info: `$JS.API.STREAM.INFO.${name}`,
    create: [`$JS.API.STREAM.CREATE.${name}`, asIs],
    update: [`$JS.API.STREAM.UPDATE.${name}`, asIs],
    expected,
  };
}

function consumerResource(profile: QueueProfile): Resource {
  const { stream, consumer } = profile;
  const subject = `$JS.API.CONSUMER.CREATE.${stream}.${consumer}.${profile.subject}`;
  const wrapFor = (action: 'create' | 'update') => (config: object) => ({
    stream_name: stream,
    config: { ...config, name: consumer },
    action,
  });
  return {
    what: `consumer ${consumer} of stream ${stream}`,
    info: `$JS.API.CONSUMER.INFO.${stream}.${consumer}`,
    create: [subject, wrapFor('create')],
    update: [subject, wrapFor('update')],
    expected: consumerConfigOf(profile),
  };
}
