import { setTimeout as delay } from 'node:timers/promises';
import { type Bus, type DeadLetter, openBus, openBusAdmin, type Queue, type QueueDepth } from '@penstock/kit';
import { queueProfile, type ResolvedWorker, type Topology } from '@penstock/model';
import { CommandError } from '../exit.ts';
import type { MailSource, Truth } from '../input/mail.ts';
import type { LocalModel } from '../models/local-model.ts';
import { whenAborted } from '../when-aborted.ts';
import { feed } from './feeder.ts';
import { type Account, accountOf, type Progress, type Verdict } from './progress.ts';
import type { RunFolder } from './run-folder.ts';
import { ServiceProcess } from './service-process.ts';
import { enginePlan, type ServicePlan, workerPlan } from './services.ts';
import { carriedBy, type QueueSeen, Supervisor, type WorkerStanding } from './supervisor.ts';
import { VerdictReader } from './verdicts.ts';
import { WorkerPool } from './worker-pool.ts';

export interface LocalRunOptions {
  readonly topology: Topology;
  readonly run: RunFolder;
  readonly busUrl: string;
  readonly source: MailSource;
  readonly model: LocalModel;
  /** Port of the engine's API; 0 takes a free one. */
  readonly enginePort: number;
  /** Processes of a worker at most. */
  readonly mostReplicas: number;
  /** Mails a second that come, whatever is done of them. @default - as many as there is room for */
  readonly ratePerSecond?: number;
  readonly onProgress: (progress: Progress) => void;
  readonly onScaled: (standing: WorkerStanding) => void;
}

const WATCH_INTERVAL_MS = 200;
/** Mails waiting at most: several times what the worker holds, so that it never starves between two looks. */
const BACKLOG = 128;
const ALL_DEAD_LETTERS = 1_000_000;
const NOTHING: QueueDepth = { ready: 0, delayed: 0, leased: 0, deadLettered: 0 };

/**
 * The platform on one machine: plays the infrastructure's part (queues, addresses, processes), feeds the input and
 * watches until every mail has its effect or is a dead letter.
 */
export class LocalRun {
  readonly #options: LocalRunOptions;
  readonly #verdicts: VerdictReader;
  readonly #stop = new AbortController();
  readonly #failed = Promise.withResolvers<never>();
  #engines: ServiceProcess[] = [];
  #pools: WorkerPool[] = [];
  #supervisors: Supervisor[] = [];
  #bus: Bus | undefined;
  #queue: Queue | undefined;
  #depth = NOTHING;
  readonly #engineUrls: Record<string, string> = {};
  readonly #before: { readonly at: number; readonly arrived: number };

  constructor(options: LocalRunOptions) {
    this.#options = options;
    this.#before = { at: Date.now(), arrived: options.run.fed };
    this.#verdicts = new VerdictReader(options.run.file('effects.db'));
    this.#failed.promise.catch(() => {});
  }

  get restarts(): number {
    return [...this.#engines, ...this.#pools].reduce((sum, { restarts }) => sum + restarts, 0);
  }

  /** Where the engines' APIs are, once they listen. */
  get engineUrls(): readonly string[] {
    return Object.values(this.#engineUrls);
  }

  get verdicts(): readonly Verdict[] {
    return this.#verdicts.all();
  }

  /** Resolves when everything is done or `interrupt` was called. @throws {CommandError} `service-failed` */
  async execute(): Promise<void> {
    const queue = await this.#openQueue();
    const started = this.#startServices();
    const feeding = feed({
      source: this.#options.source,
      queue,
      run: this.#options.run,
      room: () => this.#room(),
      ratePerSecond: this.#options.ratePerSecond,
      signal: this.#stop.signal,
    });
    const watching = Promise.all([feeding, started]).then(() => this.#untilDrained());
    const shown = this.#show();
    try {
      await Promise.race([watching, this.#failed.promise, whenAborted(this.#stop.signal)]);
      // An interrupted feeder still settles what it has handed to the bus.
      await feeding;
    } finally {
      this.#stop.abort();
      await shown;
    }
  }

  /** Stops feeding; `execute` resolves soon after. What is in the queue stays there. */
  interrupt(): void {
    this.#stop.abort();
  }

  /** What became of every mail of the input. */
  async account(input: Truth): Promise<Account> {
    const dead = (await this.#queue?.deadLetters({ limit: ALL_DEAD_LETTERS })) ?? [];
    const prefix = `${this.#options.run.name}/`;
    return accountOf(input, this.verdicts, dead, (letter: DeadLetter) => letter.idempotencyKey.slice(prefix.length));
  }

  /** Workers first, so that nothing calls an engine that is gone. */
  async close(): Promise<void> {
    for (const supervisor of this.#supervisors) supervisor.close();
    await Promise.all(this.#pools.map((pool) => pool.stop()));
    await Promise.all(this.#engines.map((engine) => engine.stop()));
    await this.#bus?.close();
    this.#verdicts[Symbol.dispose]();
  }

  /** For a second ctrl-C: leases come back by themselves, the files are safe at any moment. */
  kill(): void {
    for (const service of [...this.#pools, ...this.#engines]) service.kill();
  }

  async #openQueue(): Promise<Queue> {
    const { topology, busUrl } = this.#options;
    const [worker] = Object.values(topology.workers);
    if (worker === undefined)
      throw new CommandError('platform-unreadable', 'the platform declares no worker; there is nothing to run');
    const admin = await openBusAdmin(busUrl);
    try {
      for (const each of Object.values(topology.workers)) {
        const queue = topology.queues[each.queue];
        if (queue !== undefined) await admin.provision(queueProfile(queue, each));
      }
    } finally {
      await admin.close();
    }
    const queue = topology.queues[worker.queue];
    if (queue === undefined) throw new CommandError('platform-unreadable', `worker ${worker.id} has no queue`);
    this.#bus = await openBus(busUrl);
    this.#queue = await this.#bus.bind(queueProfile(queue, worker));
    return this.#queue;
  }

  async #startServices(): Promise<void> {
    const { topology, model, run, busUrl, enginePort } = this.#options;
    for (const id of Object.keys(topology.engines)) {
      const engine = this.#processOf(enginePlan(topology, id, model, enginePort));
      this.#engines.push(engine);
      const { http } = await engine.start();
      if (http === undefined) throw new CommandError('service-failed', `${id} opened no API port`);
      this.#engineUrls[id] = `http://127.0.0.1:${http}`;
    }
    for (const worker of Object.values(topology.workers)) {
      const engines = Object.fromEntries(
        worker.calls.map(({ role, engine }) => [role, this.#engineUrls[engine] ?? '']),
      );
      const plan = workerPlan(topology, worker.id, model, {
        bus: busUrl,
        effects: `sqlite:${run.file('effects.db')}`,
        classifier: model.classifier,
        engines,
      });
      const pool = new WorkerPool(worker.id, plan, (each) => this.#processOf(each));
      this.#pools.push(pool);
      await pool.scaleTo(1);
      await this.#supervise(worker, pool);
    }
  }

  #processOf(plan: ServicePlan): ServiceProcess {
    return new ServiceProcess({
      ...plan,
      logFile: this.#options.run.file(`${plan.name}.log`),
      onFailed: (error) => this.#failed.reject(error),
    });
  }

  async #supervise(worker: ResolvedWorker, pool: WorkerPool): Promise<void> {
    const { topology, mostReplicas, onScaled, run } = this.#options;
    const facts = topology.queues[worker.queue];
    if (this.#bus === undefined || facts === undefined) return;
    const isFed = worker.queue === this.#queue?.profile.id;
    const queue = isFed ? (this.#queue as Queue) : await this.#bus.bind(queueProfile(facts, worker));
    const look = async (): Promise<QueueSeen> => {
      // A bus that does not answer is not an empty one.
      const depth = await queue.depth().catch(() => undefined);
      const backlog = depth === undefined ? undefined : depth.ready + depth.delayed + depth.leased;
      return isFed ? { backlog, arrived: run.fed } : { backlog };
    };
    const carried = worker.calls.flatMap(({ engine: id, perItem }) => {
      const engine = topology.engines[id];
      return engine === undefined ? [] : [carriedBy(engine, worker, perItem)];
    });
    const most = Math.min(mostReplicas, ...carried);
    const before = isFed ? { before: this.#before } : {};
    const supervisor = new Supervisor({ worker, pool, most, onScaled, look, ...before });
    this.#supervisors.push(supervisor);
    supervisor.start();
  }

  get #settled(): number {
    return this.verdicts.length + this.#depth.deadLettered;
  }

  async #room(): Promise<void> {
    while (!this.#stop.signal.aborted && this.#depth.ready + this.#depth.delayed > BACKLOG)
      await delay(WATCH_INTERVAL_MS);
  }

  async #untilDrained(): Promise<void> {
    while (!this.#stop.signal.aborted && this.#settled < this.#options.source.count) await delay(WATCH_INTERVAL_MS);
  }

  /** Looks at the queue and the effects until the run stops, and shows both. */
  async #show(): Promise<void> {
    for (let last = false; !last; ) {
      last = this.#stop.signal.aborted;
      this.#depth = (await this.#queue?.depth()) ?? NOTHING;
      this.#options.onProgress({
        total: this.#options.source.count,
        verdicts: this.verdicts,
        depth: this.#depth,
        now: Date.now(),
        restarts: this.restarts,
        workers: this.#supervisors.map(({ standing }) => standing),
      });
      if (!last) await delay(WATCH_INTERVAL_MS);
    }
  }
}
