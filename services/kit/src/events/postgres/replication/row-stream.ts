import { Client } from 'pg';
import { configOf, type PostgresOptions } from '../../../postgres/connection.ts';
import { faultOf } from '../../../postgres/faults.ts';
import { ChangeSignal } from '../../../sql/change-signal.ts';
import { type CommittedRows, PgOutputReader } from './pgoutput.ts';

const DATA = 'w'.charCodeAt(0);
const KEEPALIVE = 'k'.charCodeAt(0);
const STATUS = 'r'.charCodeAt(0);
const DATA_HEADER = 1 + 8 + 8 + 8;
/** Well within `wal_sender_timeout`, whose default is a minute. */
const STATUS_MS = 5_000;
/** Transactions that wait here; more of them wait in the connection, and the server with them. */
const MOST_WAITING = 1_000;

/** The connection of `pg` below its queries, as far as replication needs it. */
interface ReplicationConnection {
  on(event: 'copyData', listener: (message: { readonly chunk: Buffer }) => void): void;
  on(event: 'replicationStart', listener: () => void): void;
  sendCopyFromChunk(chunk: Buffer): void;
  readonly stream: { pause(): void; resume(): void; destroy(): void };
}

/** What one slot says of what was committed, in the order of commits. */
export class RowStream implements AsyncDisposable {
  readonly #client: Client;
  readonly #reader = new PgOutputReader();
  readonly #waiting: CommittedRows[] = [];
  readonly #changes = new ChangeSignal();
  #confirmed = 0n;
  /** What was handed out and is not confirmed. */
  #handedOut: bigint | undefined;
  /** As far as the server has read its log for this slot. */
  #seen = 0n;
  #failure: unknown;
  #status: NodeJS.Timeout | undefined;
  #isClosed = false;

  private constructor(client: Client) {
    this.#client = client;
  }

  /** @throws {KitError} `store-unreachable`, `store-refused`; also when somebody else reads the slot */
  static async open(options: PostgresOptions, slot: string, publication: string): Promise<RowStream> {
    const { connectionString = '', connectionTimeoutMillis } = await configOf(options);
    const client = new Client({
      connectionString,
      ...(connectionTimeoutMillis === undefined ? {} : { connectionTimeoutMillis }),
      application_name: 'penstock',
      // The option is known to `pg`, not to its types.
      ...{ replication: 'database' },
    });
    const stream = new RowStream(client);
    client.on('error', (error) => stream.#fail(error));
    client.on('end', () => stream.#fail(new Error('the connection ended')));
    try {
      await client.connect();
      await stream.#begin(slot, publication);
      return stream;
    } catch (error) {
      await stream.close();
      throw faultOf(error, `slot ${slot}`);
    }
  }

  /**
   * The next transactions, and whether all before them was handed out.
   *
   * @param rows at most, and whole transactions: there may be more of the last one
   * @throws {KitError} `store-unreachable`, `store-refused`
   */
  async next(rows: number, waitMs: number, signal: AbortSignal): Promise<readonly CommittedRows[]> {
    if (this.#waiting.length === 0 && this.#failure === undefined) await this.#changes.wait(waitMs, signal);
    if (this.#waiting.length === 0 && this.#failure !== undefined) throw faultOf(this.#failure, 'replication');
    const taken: CommittedRows[] = [];
    for (let count = 0; count < rows && this.#waiting.length > 0; ) {
      const transaction = this.#waiting.shift() as CommittedRows;
      taken.push(transaction);
      count += transaction.rows.length;
    }
    if (this.#waiting.length < MOST_WAITING) this.#connection.stream.resume();
    this.#handedOut = taken.at(-1)?.end ?? this.#handedOut;
    return taken;
  }

  /** All that was handed out is done: the server may forget it. */
  confirm(): void {
    if (this.#handedOut !== undefined) this.#confirmed = this.#handedOut;
    this.#handedOut = undefined;
    this.#tellStatus();
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#status);
    this.#changes.tell();
    // The server may be in the middle of a transaction, and would be waited for.
    this.#connection.stream.destroy();
    await this.#client.end().catch(() => {});
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get #connection(): ReplicationConnection {
    return (this.#client as unknown as { readonly connection: ReplicationConnection }).connection;
  }

  async #begin(slot: string, publication: string): Promise<void> {
    this.#connection.on('copyData', ({ chunk }) => this.#received(chunk));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#connection.on('replicationStart', resolve);
    // It answers when replication ends.
    this.#client
      .query(`START_REPLICATION SLOT "${slot}" LOGICAL 0/0 (proto_version '1', publication_names '"${publication}"')`)
      .then(
        () => this.#fail(new Error('replication ended')),
        (error: unknown) => {
          reject(error);
          this.#fail(error);
        },
      );
    await promise;
    this.#status = setInterval(() => this.#tellStatus(), STATUS_MS);
  }

  #received(chunk: Buffer): void {
    try {
      if (chunk[0] === KEEPALIVE) {
        this.#seen = chunk.readBigUInt64BE(1);
        if (chunk[1 + 8 + 8] === 1) this.#tellStatus();
      } else if (chunk[0] === DATA) {
        const transaction = this.#reader.read(chunk.subarray(DATA_HEADER));
        if (transaction !== undefined) this.#add(transaction);
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  #add(transaction: CommittedRows): void {
    this.#seen = transaction.end;
    this.#waiting.push(transaction);
    if (this.#waiting.length >= MOST_WAITING) this.#connection.stream.pause();
    this.#changes.tell();
  }

  /** While nothing of ours is open, what others write is done too: an idle outbox keeps no log. */
  #tellStatus(): void {
    if (this.#isClosed || this.#failure !== undefined) return;
    const isIdle = this.#handedOut === undefined && this.#waiting.length === 0;
    if (isIdle && this.#seen > this.#confirmed) this.#confirmed = this.#seen;
    const message = Buffer.alloc(1 + 8 * 4 + 1);
    message[0] = STATUS;
    for (let at = 0; at < 3; at++) message.writeBigUInt64BE(this.#confirmed, 1 + 8 * at);
    this.#connection.sendCopyFromChunk(message);
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    clearInterval(this.#status);
    this.#changes.tell();
  }
}
