import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BACKBONE_KINDS, type Backbone, type BackboneKind } from './backbone.ts';
import { Crew } from './crew.ts';
import type { Plan } from './plan.ts';
import { perform, type RunResult } from './run.ts';
import { canMount, performOnSmallDisk } from './small-disk.ts';

export interface LabOptions {
  readonly plans: readonly Plan[];
  /** Runs beside each other, each with servers and workers of its own: most of a run is waiting. @default 2 */
  readonly lanes?: number;
  /** @default - the one that the plans name */
  readonly kind?: BackboneKind;
  /** @default true */
  readonly isFenced?: boolean;
  /** Hears of each run as it ends. */
  readonly onRun?: (result: RunResult) => void;
  /** Aborts between two runs. */
  readonly signal?: AbortSignal;
}

/** Queues of runs that are over stay on their servers: after so many there are new ones. */
const RUNS_PER_SERVER = 40;
const DEFAULT_LANES = 2;

/** Performs runs on one backbone. */
export async function experiment(options: LabOptions): Promise<readonly RunResult[]> {
  const results: RunResult[] = [];
  const plans = options.plans.values();
  const smallDisks = canMount();
  const lanes = Array.from({ length: Math.min(options.lanes ?? DEFAULT_LANES, options.plans.length) }, async () => {
    await using lane = new Lane(options, smallDisks);
    for (const plan of plans) {
      if (options.signal?.aborted) return;
      const result = await lane.perform(plan);
      results.push(result);
      options.onRun?.(result);
    }
  });
  await Promise.all(lanes);
  return results;
}

class Lane implements AsyncDisposable {
  readonly #options: LabOptions;
  readonly #smallDisks: boolean;
  readonly #crew = new Crew();
  #backbone: Backbone | undefined;
  #runs = 0;

  constructor(options: LabOptions, smallDisks: boolean) {
    this.#options = options;
    this.#smallDisks = smallDisks;
  }

  async perform(plan: Plan): Promise<RunResult> {
    const fills = plan.faults.filter(({ fault }) => fault.kind === 'fill-disk');
    if (fills.length > 0 && this.#smallDisks) return performOnSmallDisk(plan);
    if (fills.length > 0) {
      const faults = plan.faults.filter((planned) => !fills.includes(planned));
      const result = await this.#perform({ ...plan, faults });
      return { ...result, plan, notes: [...result.notes, 'no disk was filled: this user may not mount one'] };
    }
    return this.#perform(plan);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#crew[Symbol.asyncDispose]();
    await this.#backbone?.[Symbol.asyncDispose]();
  }

  async #perform(plan: Plan): Promise<RunResult> {
    const { kind = BACKBONE_KINDS[plan.backbone], isFenced = true } = this.#options;
    if (this.#runs % RUNS_PER_SERVER === 0) await this.#backbone?.[Symbol.asyncDispose]();
    this.#backbone = this.#runs % RUNS_PER_SERVER === 0 ? await kind.open() : (this.#backbone as Backbone);
    this.#runs += 1;
    const folder = await mkdtemp(join(tmpdir(), 'penstock-chaos-'));
    try {
      return await perform(plan, {
        backbone: this.#backbone,
        durability: kind.durability,
        crew: this.#crew,
        folder,
        queue: `run-${plan.seed}-${this.#runs}`,
        isFenced,
      });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}
