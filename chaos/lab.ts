import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BACKBONE_KINDS, type Backbone, type BackboneKind } from './backbone.ts';
import { Crew } from './crew.ts';
import { performEvents } from './event-run.ts';
import { performJobs } from './job-run.ts';
import { isOfEvents, isOfJobs, killsServers, type Plan } from './plan.ts';
import { perform, type RunResult, type Stage } from './run.ts';
import { canMount, SmallDisk } from './small-disk.ts';

export interface LabOptions {
  readonly plans: readonly Plan[];
  /** Runs beside each other, each with workers of its own: most of a run is waiting. @default 4 */
  readonly lanes?: number;
  /** @default - the one that the plans name */
  readonly kind?: BackboneKind;
  /** @default true */
  readonly isFenced?: boolean;
  /** @default 120_000 */
  readonly duplicateWindowMs?: number;
  /** Hears of each run as it ends. */
  readonly onRun?: (result: RunResult) => void;
  /** Aborts between two runs. */
  readonly signal?: AbortSignal;
}

/** Queues of runs that are over stay on their servers: after so many there are new ones. */
const RUNS_PER_SERVER = 40;
const DEFAULT_LANES = 4;
const DUPLICATE_WINDOW_MS = 120_000;

/** Performs runs on one backbone. */
export async function experiment(options: LabOptions): Promise<readonly RunResult[]> {
  const { plans } = options;
  const [first] = plans;
  if (first === undefined) return [];
  const kind = options.kind ?? BACKBONE_KINDS[first.backbone];
  const lanes = Math.min(options.lanes ?? DEFAULT_LANES, plans.length);
  const results: RunResult[] = [];
  const tell = (result: RunResult): void => {
    results.push(result);
    options.onRun?.(result);
  };
  if (kind.isShared) await besideEachOther(kind, lanes, options, tell);
  else await eachOnItsOwn(kind, lanes, options, tell);
  return results;
}

/** Where one fails, the others end their runs and leave nothing behind. */
async function together(lanes: readonly Promise<void>[]): Promise<void> {
  const ends = await Promise.allSettled(lanes);
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

type Tell = (result: RunResult) => void;

async function eachOnItsOwn(kind: BackboneKind, lanes: number, options: LabOptions, tell: Tell): Promise<void> {
  const plans = options.plans.values();
  await together(
    Array.from({ length: lanes }, async () => {
      await using servers = new Servers(kind, 1);
      await using lane = new Lane(options, kind, servers, 0);
      for (let runs = 1; ; runs += 1) {
        if (!(await lane.next(plans, tell))) return;
        if (runs % RUNS_PER_SERVER === 0) await servers.renew();
      }
    }),
  );
}

/** What one run does to a server, no other run may feel: a run is to follow from its own plan. */
async function besideEachOther(kind: BackboneKind, lanes: number, options: LabOptions, tell: Tell): Promise<void> {
  await using servers = new Servers(kind, lanes);
  await using crews = new AsyncDisposableStack();
  const all = Array.from({ length: lanes }, (_, lane) => crews.use(new Lane(options, kind, servers, lane)));
  for (let from = 0; from < options.plans.length; from += RUNS_PER_SERVER) {
    const batch = options.plans.slice(from, from + RUNS_PER_SERVER);
    const beside = batch.filter((plan) => !killsServers(plan)).values();
    const alone = batch.filter(killsServers).values();
    await together(all.map((lane) => lane.all(beside, tell)));
    await all[0]?.all(alone, tell);
    if (from + RUNS_PER_SERVER < options.plans.length) await servers.renew();
  }
}

const scriptOf = ({ backbone }: Plan): 'event-process.ts' | 'job-process.ts' | 'worker.ts' =>
  isOfEvents(backbone) ? 'event-process.ts' : isOfJobs(backbone) ? 'job-process.ts' : 'worker.ts';

const performed = (plan: Plan, stage: Stage): Promise<RunResult> =>
  isOfEvents(plan.backbone)
    ? performEvents(plan, stage)
    : isOfJobs(plan.backbone)
      ? performJobs(plan, stage)
      : perform(plan, stage);

/** Opened for the first run that needs them. */
class Servers implements AsyncDisposable {
  readonly #kind: BackboneKind;
  readonly #lanes: number;
  #opening: Promise<Backbone> | undefined;

  constructor(kind: BackboneKind, lanes: number) {
    this.#kind = kind;
    this.#lanes = lanes;
  }

  get(): Promise<Backbone> {
    this.#opening ??= this.#kind.open(this.#lanes);
    return this.#opening;
  }

  async renew(): Promise<void> {
    const opening = this.#opening;
    this.#opening = undefined;
    // What did not open has said so to whoever asked for it.
    const opened = await opening?.catch(() => undefined);
    await opened?.[Symbol.asyncDispose]();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.renew();
  }
}

class Lane implements AsyncDisposable {
  readonly #options: LabOptions;
  readonly #kind: BackboneKind;
  readonly #servers: Servers;
  readonly #lane: number;
  #crew: Crew | undefined;
  #disk: SmallDisk | undefined;
  #runs = 0;

  constructor(options: LabOptions, kind: BackboneKind, servers: Servers, lane: number) {
    this.#options = options;
    this.#kind = kind;
    this.#servers = servers;
    this.#lane = lane;
  }

  async all(plans: Iterator<Plan>, tell: Tell): Promise<void> {
    while (await this.next(plans, tell));
  }

  /** @returns whether there was one */
  async next(plans: Iterator<Plan>, tell: Tell): Promise<boolean> {
    const { done, value } = this.#options.signal?.aborted === true ? { done: true as const } : plans.next();
    if (done === true || value === undefined) return false;
    try {
      tell(await this.#perform(value));
    } catch (error) {
      // Nobody takes another one.
      while (plans.next().done !== true);
      throw error;
    }
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#crew?.[Symbol.asyncDispose](), this.#disk?.[Symbol.asyncDispose]()]);
  }

  async #perform(plan: Plan): Promise<RunResult> {
    const fills = plan.faults.filter(({ fault }) => fault.kind === 'fill-disk');
    if (fills.length > 0 && canMount()) {
      this.#disk ??= await SmallDisk.open();
      return this.#disk.perform(plan);
    }
    if (fills.length > 0) {
      const faults = plan.faults.filter((planned) => !fills.includes(planned));
      const result = await this.#performHere({ ...plan, faults });
      return { ...result, plan, notes: [...result.notes, 'no disk was filled: this user may not mount one'] };
    }
    return this.#performHere(plan);
  }

  async #performHere(plan: Plan): Promise<RunResult> {
    this.#crew ??= new Crew(scriptOf(plan));
    this.#runs += 1;
    const folder = await mkdtemp(join(tmpdir(), 'penstock-chaos-'));
    const stage = {
      backbone: await this.#servers.get(),
      durability: this.#kind.durability,
      crew: this.#crew,
      folder,
      queue: `run-${plan.seed}-${this.#lane}-${this.#runs}`,
      lane: this.#lane,
      isFenced: this.#options.isFenced ?? true,
      duplicateWindowMs: this.#options.duplicateWindowMs ?? DUPLICATE_WINDOW_MS,
    };
    try {
      return await performed(plan, stage);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}
