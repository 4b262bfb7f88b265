import { randomUUID } from 'node:crypto';
import type { Client } from 'pg';
import { configOf, type PostgresOptions } from './connection.ts';

/** After a connection that could not be made. */
const RETRY_MS = 1_000;

/** Hears of changes by other processes, on a connection of its own that is made when somebody first waits. */
export class ChangeListener {
  /** Names this process in what it announces: it has told itself already. */
  readonly id = randomUUID();
  readonly #options: PostgresOptions;
  readonly #channel: string;
  readonly #tell: () => void;
  #client: Client | undefined;
  #opening: Promise<void> | undefined;
  #notBefore = 0;
  #isClosed = false;

  constructor(options: PostgresOptions, channel: string, tell: () => void) {
    this.#options = options;
    this.#channel = channel;
    this.#tell = tell;
  }

  get isListening(): boolean {
    return this.#client !== undefined;
  }

  /** Makes the connection when there is none; called whenever somebody waits. */
  listen(): void {
    if (this.#client !== undefined || this.#opening !== undefined || this.#isClosed) return;
    if (performance.now() < this.#notBefore) return;
    this.#opening = this.#open()
      .catch(() => {
        this.#notBefore = performance.now() + RETRY_MS;
      })
      .finally(() => {
        this.#opening = undefined;
      });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#opening;
    const client = this.#client;
    this.#client = undefined;
    await client?.end().catch(() => {});
  }

  async #open(): Promise<void> {
    const { Client } = await import('pg');
    const client = new Client(await configOf(this.#options));
    const gone = (): void => {
      if (this.#client === client) this.#client = undefined;
    };
    client.on('error', gone);
    client.on('end', gone);
    client.on('notification', ({ payload }) => {
      if (payload !== this.id) this.#tell();
    });
    try {
      await client.connect();
      await client.query(`LISTEN ${this.#channel}`);
    } catch (error) {
      await client.end().catch(() => {});
      throw error;
    }
    this.#client = client;
    // Something may have changed while nobody listened.
    this.#tell();
  }
}
