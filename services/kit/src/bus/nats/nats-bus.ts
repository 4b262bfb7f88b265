import { errors, type NatsConnection } from '@nats-io/transport-node';
import type { QueueProfile } from '@penstock/model';
import { KitError } from '../../errors.ts';
import type { Bus, Guarantees, Queue } from '../port.ts';
import { connectNats, messageOf, type NatsBusOptions, type NatsClient } from './connection.ts';
import { refusal } from './faults.ts';
import { NATS_GUARANTEES } from './guarantees.ts';
import { NatsQueue } from './nats-queue.ts';
import { checkProvisioned } from './provisioned.ts';
import { RequestLane } from './request-lane.ts';

export { natsOptionsOf } from './address.ts';
export type { NatsBusOptions, NatsCredentials } from './connection.ts';
export { type NatsBusAdminOptions, openNatsBusAdmin } from './nats-bus-admin.ts';

/**
 * Queues on NATS JetStream, server 2.12 or newer.
 *
 * @throws {KitError} `address-malformed`, `bus-unreachable`, `bus-refused`
 */
export async function openNatsBus(options: NatsBusOptions): Promise<Bus> {
  return new NatsBus(await connectNats(options));
}

class NatsBus implements Bus {
  readonly guarantees: Guarantees = NATS_GUARANTEES;
  readonly #connection: NatsConnection;
  readonly #lane: RequestLane;
  readonly #queues: NatsQueue[] = [];
  #closing: Promise<void> | undefined;

  constructor(client: NatsClient) {
    this.#connection = client.connection;
    this.#lane = new RequestLane(client);
    void this.#follow();
  }

  async bind(profile: QueueProfile): Promise<Queue> {
    await checkProvisioned(this.#connection, this.#lane, profile);
    const queue = new NatsQueue(this.#connection, this.#lane, profile);
    this.#queues.push(queue);
    return queue;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const consumptions = [...this.#consumptions()];
    await Promise.all(consumptions.map((consumption) => consumption.stop()));
    await this.#lane.idle();
    this.#lane.close();
    for (const consumption of consumptions) consumption.abandon();
    await this.#connection.close();
  }

  async #follow(): Promise<void> {
    for await (const status of this.#connection.status()) {
      if (status.type === 'disconnect') for (const consumption of this.#consumptions()) consumption.disconnected();
      if (status.type === 'reconnect') for (const consumption of this.#consumptions()) consumption.reconnected();
      if (status.type !== 'error' || !(status.error instanceof errors.PermissionViolationError)) continue;
      for (const consumption of this.#consumptions())
        if (consumption.needs(status.error.subject)) consumption.failed(refusal(status.error));
    }
    const cause = await this.#connection.closed();
    if (this.#closing !== undefined) return;
    this.#lane.close();
    const error = new KitError('bus-unreachable', `the connection is gone for good: ${messageOf(cause)}`, {
      repair: 'check the server and the credentials, and start again',
      cause,
    });
    for (const consumption of this.#consumptions()) consumption.failed(error);
  }

  *#consumptions() {
    for (const queue of this.#queues) yield* queue.consumptions;
  }
}
