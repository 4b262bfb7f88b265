import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openBusAdmin } from '@penstock/kit';
import { addWithin, JobQueue, type JobStore, jobBacklog, openJobStore, provisionJobStore } from '@penstock/kit/jobs';
import { encodeProfile, httpServiceProfile, PROFILE_VARIABLE, queueProfile, workerProfile } from '@penstock/model';
import { BOOKS, stockUp, takeOrder } from '@penstock/order-fulfilment/books';
import type { Order } from '@penstock/order-fulfilment/order';
import { jobsOf, TASKS } from '@penstock/order-fulfilment/tasks';
import { writeTasks } from '@penstock/task-queue/tasks';
import { shop } from '../../stacks/orders.ts';
import { CommandError } from '../exit.ts';
import { ServiceProcess } from '../local/service-process.ts';
import { LOCAL_ENV, mainOf, type ServicePlan } from '../local/services.ts';
import { type QueueSeen, Supervisor, type WorkerStanding } from '../local/supervisor.ts';
import { WorkerPool } from '../local/worker-pool.ts';
import { type Audit, Books } from './audit.ts';
import { type OrderSource, stockFor } from './order-source.ts';
import { type ProviderBooks, ProviderPeer } from './provider-peer.ts';
import { ShopFile } from './shop-file.ts';

export interface OrdersRunOptions {
  readonly folder: string;
  readonly source: OrderSource;
  /** Processes killed without warning while orders are worked on. */
  readonly kills: number;
  readonly seed: string;
  /** @default - an embedded broker in the folder */
  readonly busUrl?: string;
  /** Processes of the worker at most. */
  readonly mostReplicas: number;
  /** Port of the task queue and its dashboard; 0 takes a free one. */
  readonly port: number;
  /** Called once the task queue listens. */
  readonly onListening: (url: string) => void;
  readonly onProgress: (progress: OrdersProgress) => void;
  readonly onScaled: (standing: WorkerStanding) => void;
}

export interface OrdersProgress {
  readonly total: number;
  readonly placed: number;
  readonly finished: number;
  readonly kills: number;
}

const LOOK_MS = 100;
/** Orders placed in one transaction. */
const CHUNK = 50;

/** The shop on this machine: workers as processes, providers that fail, processes that are killed; then the audit. */
export class OrdersRun {
  readonly #options: OrdersRunOptions;
  #pool: WorkerPool | undefined;
  #taskQueue: ServiceProcess | undefined;
  #supervisor: Supervisor | undefined;
  readonly #failed = Promise.withResolvers<never>();
  #kills = 0;
  #placed = 0;

  constructor(options: OrdersRunOptions) {
    this.#options = options;
    this.#failed.promise.catch(() => {});
  }

  get kills(): number {
    return this.#kills;
  }

  /**
   * @param audited what is done with the audit while the shop still stands
   * @throws {CommandError} `service-failed`
   */
  async execute(
    signal: AbortSignal,
    audited: (outcome: { readonly audit: Audit; readonly providers: ProviderBooks }) => Promise<void>,
  ): Promise<void> {
    const { source, seed, folder } = this.#options;
    const jobsUrl = `sqlite:${join(folder, 'shop.db')}`;
    await provisionJobStore(jobsUrl, { schema: BOOKS });
    const providers = await ProviderPeer.listen(seed);
    const store = await openJobStore(jobsUrl);
    const books = new Books(join(folder, 'shop.db'));
    try {
      await this.#startServices(store, jobsUrl, providers.url);
      const placing = this.#place(join(folder, 'shop.db'), store, source.orders, signal);
      await Promise.race([Promise.all([placing, this.#untilFinished(books, signal)]), this.#failed.promise]);
      await audited({ audit: books.audit(source.orders, providers.books), providers: providers.books });
    } finally {
      this.#supervisor?.close();
      await this.#pool?.stop();
      await this.#taskQueue?.stop();
      books[Symbol.dispose]();
      await store.close();
      await providers.close();
    }
  }

  async #startServices(store: JobStore, jobsUrl: string, providersUrl: string): Promise<void> {
    const { folder, mostReplicas: most, onScaled } = this.#options;
    const busUrl = this.#options.busUrl ?? `sqlite:${join(folder, 'bus.db')}`;
    const queue = shop.queues['fulfilment'];
    const worker = shop.workers['fulfil'];
    const admin = await openBusAdmin(busUrl);
    await admin.provision(queueProfile(queue, worker));
    await admin.close();
    const plan = {
      name: worker.id,
      main: mainOf(worker.service.name),
      terminationGraceMs: worker.terminationGrace.toMilliseconds('up'),
      env: {
        ...LOCAL_ENV,
        PENSTOCK_BUS: busUrl,
        PENSTOCK_JOBS: jobsUrl,
        PENSTOCK_PROVIDERS: providersUrl,
        [PROFILE_VARIABLE]: encodeProfile(workerProfile(shop, 'fulfil')),
      },
    };
    this.#pool = new WorkerPool(worker.id, plan, (each) => this.#processOf(each));
    await this.#pool.scaleTo(Math.min(most, worker.minReplicas));
    await this.#startTaskQueue(busUrl, jobsUrl);
    // The bus holds no more than a window of references: what waits for a worker lies in the store.
    const look = (): Promise<QueueSeen> =>
      store.run('measure', queue.id, Date.now()).then(
        (measure) => ({ backlog: jobBacklog(measure), arrived: measure.added }),
        () => ({ backlog: undefined, arrived: undefined }),
      );
    this.#supervisor = new Supervisor({ worker, pool: this.#pool, most, onScaled, look });
    this.#supervisor.start();
  }

  /** Beside the workers, which came first: whoever leads the queue may be any of them. */
  async #startTaskQueue(busUrl: string, jobsUrl: string): Promise<void> {
    const { folder, port, onListening } = this.#options;
    const front = shop.httpServices['task-queue'];
    const tasks = join(folder, 'tasks.json');
    await writeFile(tasks, writeTasks(TASKS));
    this.#taskQueue = this.#processOf({
      name: front.id,
      main: mainOf(front.service.name),
      terminationGraceMs: front.terminationGrace.toMilliseconds('up'),
      env: {
        ...LOCAL_ENV,
        PENSTOCK_HTTP_PORT: String(port),
        PENSTOCK_BUS: busUrl,
        PENSTOCK_JOBS: jobsUrl,
        PENSTOCK_TASKS: tasks,
        [PROFILE_VARIABLE]: encodeProfile(httpServiceProfile(shop, 'task-queue')),
      },
    });
    const { http } = await this.#taskQueue.start();
    if (http === undefined) throw new CommandError('service-failed', `${front.id} opened no API port`);
    onListening(`http://127.0.0.1:${http}`);
  }

  #processOf(plan: ServicePlan): ServiceProcess {
    return new ServiceProcess({
      ...plan,
      logFile: join(this.#options.folder, `${plan.name}.log`),
      onFailed: (error) => this.#failed.reject(error),
    });
  }

  /** As a shop takes orders: its own rows and the jobs that follow from them in one transaction of its own. */
  async #place(path: string, store: JobStore, orders: readonly Order[], signal: AbortSignal): Promise<void> {
    const queue = new JobQueue({ queue: shop.queues['fulfilment'].id, store });
    using shopFile = new ShopFile(path);
    shopFile.transact((tx) => {
      for (const [sku, quantity] of stockFor(orders)) tx.run(stockUp(sku, quantity));
    });
    for (let at = 0; at < orders.length && !signal.aborted; at += CHUNK) {
      const chunk = orders.slice(at, at + CHUNK);
      shopFile.transact(({ database, run }) => {
        for (const order of chunk) {
          run(takeOrder(order));
          addWithin(database, jobsOf(queue, order));
        }
      });
      this.#placed += chunk.length;
      // The workers wait for the file meanwhile.
      await delay(1);
    }
  }

  async #untilFinished(books: Books, signal: AbortSignal): Promise<void> {
    const { source, kills, onProgress } = this.#options;
    const total = source.orders.length;
    for (let finished = 0; finished < total && !signal.aborted; ) {
      finished = books.finished;
      // Evenly over the run, by what is done and not by the clock: the same share of the work on any machine.
      if (this.#kills < kills && finished >= ((this.#kills + 1) * total) / (kills + 1)) this.#killOne();
      onProgress({ total, placed: this.#placed, finished, kills: this.#kills });
      await delay(LOOK_MS);
    }
  }

  /** As a machine dies: no warning, nothing is handed back. */
  #killOne(): void {
    const pids = [...(this.#pool?.pids ?? []), ...(this.#taskQueue?.pid === undefined ? [] : [this.#taskQueue.pid])];
    const pid = pids[this.#kills % pids.length];
    if (pid === undefined) return;
    process.kill(pid, 'SIGKILL');
    this.#kills++;
  }
}
