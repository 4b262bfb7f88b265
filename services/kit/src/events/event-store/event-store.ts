import { KitError } from '../../errors.ts';
import type { EventDatabase } from '../event-database.ts';
import type { OutboxEvent } from '../outbox/outbox-event.ts';
import { type Projection, tableOf } from '../projections/projection.ts';
import type { ExpectedVersion, NewEvent, StoredEvent, StreamReceipt } from './stored-event.ts';

export interface EventStoreOptions {
  readonly database: EventDatabase;
  /** Projected in the transaction of the append: readers see them at once. @default - none */
  readonly inline?: readonly Projection[];
  /** What is told others of an event, by the outbox. @default - nothing */
  readonly publish?: (event: NewEvent, stream: string, version: number) => OutboxEvent | undefined;
}

/** What a stream comes to. */
export interface Aggregate<State> {
  readonly initial: State;
  readonly evolve: (state: State, event: StoredEvent) => State;
  /** How its state is kept, so that not all of a stream is read. @default - it is not kept */
  readonly snapshot?: {
    /** Raised with every change of the state: a snapshot of another shape is not read. */
    readonly shape: number;
    /** Events after which a new one is kept. */
    readonly every: number;
    readonly encode: (state: State) => Uint8Array;
    readonly decode: (bytes: Uint8Array) => State;
  };
}

export interface LoadedAggregate<State> {
  readonly state: State;
  /** 0 when there is no stream: what an append expects. */
  readonly version: number;
}

const PAGE = 500;
const MOST_TRIES = 5;

/** Streams of events that are the truth about something. */
export class EventStore {
  readonly #options: EventStoreOptions;

  constructor(options: EventStoreOptions) {
    this.#options = options;
  }

  /**
   * Appends to a stream, with what inline projections and the outbox make of it, in one transaction.
   *
   * @throws {KitError} `stream-conflict`: somebody else appended since it was read
   */
  async append(stream: string, expected: ExpectedVersion, events: readonly NewEvent[]): Promise<StreamReceipt> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#append(stream, expected, events);
      } catch (error) {
        const isOwn = typeof expected !== 'number' && KitError.is(error, 'stream-conflict');
        if (!isOwn || tries === MOST_TRIES) throw error;
      }
    }
  }

  async #append(stream: string, expected: ExpectedVersion, events: readonly NewEvent[]): Promise<StreamReceipt> {
    const { database, publish } = this.#options;
    const inline = this.#options.inline ?? [];
    const base = inline.length === 0 && publish === undefined ? 0 : await this.#versionFor(stream, expected);
    const now = Date.now();
    const statements = inline.flatMap((projection) =>
      events.flatMap((event, index) =>
        projection.project(
          { ...event, stream, version: base + index + 1, place: { tx: 0, position: 0 }, appendedAt: now },
          tableOf(projection),
        ),
      ),
    );
    const told = events.flatMap((event, index) => publish?.(event, stream, base + index + 1) ?? []);
    // What was made of the events holds for this version alone.
    const exact = statements.length > 0 || told.length > 0 ? base : expected;
    return database.run('appendToStream', { stream, expected: exact, events, statements, publish: told }, now);
  }

  /** From a version on, page by page. */
  async *read(stream: string, from = 1): AsyncGenerator<StoredEvent> {
    for (let next = from; ; ) {
      const page = await this.#options.database.run('readStream', stream, next, PAGE);
      yield* page;
      if (page.length < PAGE) return;
      next += page.length;
    }
  }

  /** What a stream comes to, from its snapshot on; keeps a new one when it is time. */
  async load<State>(stream: string, { initial, evolve, snapshot }: Aggregate<State>): Promise<LoadedAggregate<State>> {
    const { database } = this.#options;
    const kept = snapshot === undefined ? undefined : await database.run('readSnapshot', stream, snapshot.shape);
    let state = snapshot === undefined || kept === undefined ? initial : snapshot.decode(kept.state);
    const first = kept?.version ?? 0;
    let version = first;
    for await (const event of this.read(stream, first + 1)) {
      state = evolve(state, event);
      version = event.version;
    }
    if (snapshot !== undefined && version - first >= snapshot.every)
      await database.run('writeSnapshot', stream, snapshot.shape, { version, state: snapshot.encode(state) });
    return { state, version };
  }

  /**
   * Reads, decides, appends; again when somebody else appended meanwhile.
   *
   * @param decide says what happened, or nothing
   * @throws {KitError} `stream-conflict` when others are always faster
   */
  async decide<State>(
    stream: string,
    aggregate: Aggregate<State>,
    decide: (state: State, version: number) => readonly NewEvent[],
    tries = MOST_TRIES,
  ): Promise<StreamReceipt | undefined> {
    const { state, version } = await this.load(stream, aggregate);
    const events = decide(state, version);
    if (events.length === 0) return undefined;
    try {
      return await this.append(stream, version, events);
    } catch (error) {
      if (tries > 1 && KitError.is(error, 'stream-conflict')) return this.decide(stream, aggregate, decide, tries - 1);
      throw error;
    }
  }

  async #versionFor(stream: string, expected: ExpectedVersion): Promise<number> {
    if (typeof expected === 'number') return expected;
    return this.#options.database.run('streamVersion', stream);
  }
}
