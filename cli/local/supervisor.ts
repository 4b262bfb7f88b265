import {
  ARRIVAL_WINDOW,
  NO_MEMORY,
  type ResolvedInferenceEngine,
  type ResolvedWorker,
  type ScalerMemory,
  type ScalingBounds,
  type ScalingSignal,
  scale,
  scalingSignals,
} from '@penstock/model';
import type { WorkerPool } from './worker-pool.ts';

/** What is measured of a queue; undefined while nobody can say. */
export interface QueueSeen {
  /** Items that wait or are in work. */
  readonly backlog: number | undefined;
  /** All that ever came. Left out where nobody counts them: the backlog decides alone. */
  readonly arrived?: number | undefined;
}

export interface SupervisorOptions {
  readonly worker: ResolvedWorker;
  readonly pool: WorkerPool;
  /** Processes that this machine is given for it: the model's bounds hold below. */
  readonly most: number;
  readonly look: () => Promise<QueueSeen>;
  /** What had come before anything came that it shall answer to. @default - what had come at its first look */
  readonly before?: { readonly at: number; readonly arrived: number };
  readonly onScaled: (standing: WorkerStanding) => void;
}

/** How a worker stands, for the view. */
export interface WorkerStanding {
  readonly worker: string;
  readonly replicas: number;
  readonly ending: number;
  readonly bounds: ScalingBounds;
  readonly signals: readonly ScalingSignal[];
}

/**
 * Processes of a worker that an engine of one process carries: what it gets through by what each of them asks for at full
 * work. More of them would not be done sooner, only refused by it, and every refusal is an attempt.
 */
export const carriedBy = (
  { tokenRate, tokensPerRequest }: Pick<ResolvedInferenceEngine, 'tokenRate' | 'tokensPerRequest'>,
  { ratePerReplica }: Pick<ResolvedWorker, 'ratePerReplica'>,
  requestsPerItem: number,
): number => {
  const asked = ratePerReplica.perSecond * requestsPerItem;
  return Math.max(1, Math.floor(tokenRate.perSecond / tokensPerRequest / asked));
};

/** The autoscaler of a cluster looks every 15 s, which only makes it later: here a look costs nothing. */
const LOOK_MS = 1_000;

/** What KEDA and the autoscaler are in a cluster: as many processes of a worker as the model's arithmetic asks for. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #bounds: ScalingBounds;
  readonly #arrivals;
  #memory: ScalerMemory = NO_MEMORY;
  #signals: readonly ScalingSignal[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: SupervisorOptions) {
    const { worker, most } = options;
    this.#options = options;
    this.#arrivals = new ArrivalMeter(options.before);
    this.#bounds = {
      minReplicas: Math.min(worker.minReplicas, most),
      maxReplicas: Math.min(worker.maxReplicas, most),
      cooldown: worker.cooldown,
    };
  }

  get standing(): WorkerStanding {
    const { worker, pool } = this.#options;
    const { size: replicas, ending } = pool;
    return { worker: worker.id, replicas, ending, bounds: this.#bounds, signals: this.#signals };
  }

  start(): void {
    this.#timer = setTimeout(() => void this.#turn(), LOOK_MS);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  async #turn(): Promise<void> {
    const { worker, pool, look, onScaled } = this.#options;
    const { backlog, ...counted } = await look();
    if (this.#isClosed) return;
    const now = Date.now();
    const rate = 'arrived' in counted ? { arrivalRate: this.#arrivals.rate(now, counted.arrived) } : {};
    this.#signals = scalingSignals(worker, { backlog, ...rate });
    const at = { now, replicas: pool.size, signals: this.#signals };
    const { replicas, memory } = scale(this.#bounds, at, this.#memory);
    this.#memory = memory;
    if (replicas !== pool.size) {
      // A process that does not start says so itself, and ends the run.
      pool.scaleTo(replicas).catch(() => {});
      onScaled(this.standing);
    }
    this.start();
  }
}

/** The growth of a count over the window of the model, as `rate()` of Prometheus has it for a series that was there before. */
export class ArrivalMeter {
  #samples: { readonly at: number; readonly arrived: number }[];

  constructor(before: { readonly at: number; readonly arrived: number } | undefined) {
    this.#samples = before === undefined ? [] : [before];
  }

  /** Items a second; undefined when nobody can say now. */
  rate(now: number, arrived: number | undefined): number | undefined {
    if (arrived === undefined) return undefined;
    this.#samples.push({ at: now, arrived });
    const since = now - ARRIVAL_WINDOW.toMilliseconds();
    // The last one before the window is where it begins.
    const first = this.#samples.findLastIndex(({ at }) => at <= since);
    this.#samples = this.#samples.slice(Math.max(0, first));
    return (arrived - (this.#samples[0]?.arrived ?? arrived)) / ARRIVAL_WINDOW.inSeconds;
  }
}
