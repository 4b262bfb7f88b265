import { existsSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { LATER, openDatabase, Refusal, type StoreHandler, serveStore, transact } from '../../sqlite/store-thread.ts';
import type { Outcome } from '../../sqlite/thread-port.ts';
import { ItemStore } from './item-store.ts';
import type { ClaimedItems, Operation, OperationResult } from './operations.ts';
import { checkVersion, createTables } from './schema.ts';

/** How the thread is started. */
export interface ThreadData {
  readonly path: string;
  /** Infrastructure makes the file; a service binds to one that is there. */
  readonly create: boolean;
}

interface ParkedClaim {
  readonly id: number;
  readonly queue: number;
  readonly max: number;
}

/**
 * How often a waiting claim looks whether another process has committed. Processes on one file have no other way to
 * wake each other; a look costs some microseconds.
 */
const LOOK_INTERVAL_MS = 4;

class BusHandler implements StoreHandler<Operation, OperationResult> {
  readonly #store: ItemStore;
  readonly #path: string;
  readonly #answer: (outcomes: readonly Outcome<OperationResult>[]) => void;
  readonly #transact: (work: () => void) => void;
  #parked: ParkedClaim[] = [];
  #timer: NodeJS.Timeout | undefined;
  #seenVersion = -1;

  constructor(
    store: ItemStore,
    path: string,
    transact: (work: () => void) => void,
    answer: (outcomes: readonly Outcome<OperationResult>[]) => void,
  ) {
    this.#store = store;
    this.#path = path;
    this.#transact = transact;
    this.#answer = answer;
  }

  run(op: Operation, id: number): OperationResult | undefined | typeof LATER {
    const now = Date.now();
    const store = this.#store;
    switch (op.kind) {
      case 'publish':
        return { kind: 'published', ...store.publish(op.queue, op.key, op.payload, op.headers, now) };
      case 'claim': {
        const claimed = store.claim(op.queue, op.max, now);
        if (claimed !== undefined) return { kind: 'claimed', claimed };
        // A batch that failed is run again one by one, so a claim may come here twice.
        this.#parked = [...this.#parked.filter((claim) => claim.id !== id), { id, queue: op.queue, max: op.max }];
        return LATER;
      }
      case 'ack':
        store.ack(op.item, op.token, now);
        return undefined;
      case 'extend':
        return { kind: 'extended', expiresAt: store.extend(op.queue, op.item, op.token, now) };
      case 'release':
        store.release(op.item, op.token, now);
        return undefined;
      case 'fail':
        return { kind: 'failed', outcome: store.fail(op.queue, op.item, op.token, op, now) };
      case 'cancel':
        return this.#cancel(op.claim);
      case 'depth':
        return { kind: 'depth', depth: store.depth(op.queue, now) };
      case 'dead-letters':
        return { kind: 'dead-letters', letters: store.deadLetters(op.queue, op.limit) };
      case 'bind':
        return { kind: 'bound', queue: store.bind(op.profile, this.#path) };
      case 'provision':
        store.provision(op.profile);
        return undefined;
    }
  }

  committed(): void {
    this.#wake();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#parked = [];
  }

  /** Serves parked claims that can be served now and looks again soon while any is left. */
  #wake(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#parked.length === 0) return;
    this.#servePastDue();
    if (this.#parked.length > 0) this.#timer = setTimeout(() => this.#look(), LOOK_INTERVAL_MS);
  }

  #look(): void {
    const version = this.#store.dataVersion();
    const now = Date.now();
    // Nothing was committed by others and nothing has become due: no need to ask for items.
    const due =
      version !== this.#seenVersion ||
      this.#parked.some(({ queue }) => (this.#store.nextDue(queue) ?? Number.POSITIVE_INFINITY) <= now);
    this.#seenVersion = version;
    if (due) this.#wake();
    else this.#timer = setTimeout(() => this.#look(), LOOK_INTERVAL_MS);
  }

  #servePastDue(): void {
    const now = Date.now();
    const ready = this.#parked.filter(({ queue }) => (this.#store.nextDue(queue) ?? Number.POSITIVE_INFINITY) <= now);
    if (ready.length === 0) return;
    const served = new Map<number, ClaimedItems>();
    try {
      this.#transact(() => {
        served.clear();
        for (const { id, queue, max } of ready) {
          const claimed = this.#store.claim(queue, max, Date.now());
          if (claimed !== undefined) served.set(id, claimed);
        }
      });
    } catch {
      // The claim stays parked and is tried again; an operation that somebody waits for will report the fault.
      return;
    }
    this.#parked = this.#parked.filter(({ id }) => !served.has(id));
    this.#answer([...served].map(([id, claimed]) => ({ id, ok: true, result: { kind: 'claimed', claimed } })));
  }

  #cancel(claim: number): undefined {
    const parked = this.#parked.some(({ id }) => id === claim);
    this.#parked = this.#parked.filter(({ id }) => id !== claim);
    if (parked) this.#answer([{ id: claim, ok: true, result: { kind: 'claimed', claimed: undefined } }]);
    return undefined;
  }
}

const { path, create } = workerData as ThreadData;

serveStore<Operation, OperationResult>(path, (answer) => {
  if (!create && !existsSync(path))
    throw new Refusal(
      'queue-missing',
      `there is no file ${path}`,
      'provision its queues: `penstock up` does on this machine',
    );
  const database = openDatabase(path);
  if (create) createTables(database);
  checkVersion(database, path);
  const handler = new BusHandler(new ItemStore(database), path, (work) => transact(database, work), answer);
  return { database, handler, close: () => handler.close() };
});
