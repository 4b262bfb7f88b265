import { setTimeout as delay } from 'node:timers/promises';
import { type Bus, type DeadLetter, openBus, openBusAdmin, type Queue, type QueueDepth } from '@penstock/kit';
import { queueProfile, type Topology } from '@penstock/model';
import { CommandError } from '../exit.ts';
import type { MailSource, Truth } from '../input/mail.ts';
import type { LocalModel } from '../models/local-model.ts';
import { whenAborted } from '../when-aborted.ts';
import { feed } from './feeder.ts';
import { type Account, accountOf, type Progress, type Verdict } from './progress.ts';
import type { RunFolder } from './run-folder.ts';
import { ServiceProcess } from './service-process.ts';
import { enginePlan, type ServicePlan, workerPlan } from './services.ts';
import { VerdictReader } from './verdicts.ts';

export interface LocalRunOptions {
  readonly topology: Topology;
  readonly run: RunFolder;
  readonly busUrl: string;
  readonly source: MailSource;
  readonly model: LocalModel;
  /** Port of the engine's API; 0 takes a free one. */
  readonly enginePort: number;
  readonly onProgress: (progress: Progress) => void;
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
  #services: ServiceProcess[] = [];
  #bus: Bus | undefined;
  #queue: Queue | undefined;
  #depth = NOTHING;
  readonly #engineUrls: Record<string, string> = {};

  constructor(options: LocalRunOptions) {
    this.#options = options;
    this.#verdicts = new VerdictReader(options.run.file('effects.db'));
    this.#failed.promise.catch(() => {});
  }

  get restarts(): number {
    return this.#services.reduce((sum, service) => sum + service.restarts, 0);
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
    for (const service of this.#services.toReversed()) await service.stop();
    await this.#bus?.close();
    this.#verdicts[Symbol.dispose]();
  }

  /** For a second ctrl-C: leases come back by themselves, the files are safe at any moment. */
  kill(): void {
    for (const service of this.#services) service.kill();
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
      const { http } = await this.#start(enginePlan(topology, id, model, enginePort)).start();
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
      await this.#start(plan).start();
    }
  }

  #start(plan: ServicePlan): ServiceProcess {
    const service = new ServiceProcess({
      ...plan,
      logFile: this.#options.run.file(`${plan.name}.log`),
      onFailed: (error) => this.#failed.reject(error),
    });
    this.#services.push(service);
    return service;
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
      });
      if (!last) await delay(WATCH_INTERVAL_MS);
    }
  }
}
