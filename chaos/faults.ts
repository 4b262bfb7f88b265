import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Backbone } from './backbone.ts';
import type { Crew } from './crew.ts';
import type { Fault, LinkName, PlannedFault, RunEvent } from './plan.ts';

export interface Victims {
  readonly backbone: Backbone;
  readonly crew: Crew;
  readonly folder: string;
  readonly lane: number;
  /** The place of the first of them in the crew. @default - there are none */
  readonly dispatchers?: number;
  publishAgain(item: number): Promise<void>;
  cancel?(item: number): Promise<void>;
}

/** Lets the planned faults happen when the run has come to their moments. */
export class FaultLine {
  readonly #waiting: PlannedFault[];
  readonly #victims: Victims;
  readonly #counts: Record<RunEvent, number> = { published: 0, begun: 0, applied: 0 };
  readonly #underWay = new Set<Promise<void>>();
  readonly #happened: PlannedFault[] = [];
  #failure: { readonly error: unknown } | undefined;
  /** Servers are killed one after the other: a cluster promises nothing when most of it is gone. */
  #servers = Promise.resolve();
  /** So is one link hurt in one way at a time. */
  readonly #links: Record<LinkName, Promise<void>> = { publishers: Promise.resolve(), workers: Promise.resolve() };

  constructor(faults: readonly PlannedFault[], victims: Victims) {
    this.#waiting = [...faults];
    this.#victims = victims;
  }

  get happened(): readonly PlannedFault[] {
    return this.#happened;
  }

  count(event: RunEvent): void {
    this.#counts[event] += 1;
    const due = this.#waiting.filter(({ at }) => this.#counts[at.event] >= at.count);
    for (const planned of due) this.#begin(planned);
  }

  /** Resolves when none is under way. @returns whether one was. @throws what kept one from happening, e.g. a server that did not start */
  async settled(): Promise<boolean> {
    const wasUnderWay = this.#underWay.size > 0;
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
    if (this.#failure !== undefined) throw this.#failure.error;
    return wasUnderWay;
  }

  /** No more of them: those whose moment did not come are let off. */
  async end(): Promise<void> {
    this.#waiting.length = 0;
    await this.settled();
  }

  #begin(planned: PlannedFault): void {
    this.#waiting.splice(this.#waiting.indexOf(planned), 1);
    this.#happened.push(planned);
    const work = this.#do(planned.fault)
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#underWay.delete(work));
    this.#underWay.add(work);
  }

  async #do(fault: Fault): Promise<void> {
    const { crew, folder, dispatchers = 0, publishAgain, cancel } = this.#victims;
    switch (fault.kind) {
      case 'kill-worker':
        return crew.kill(fault.worker);
      case 'stop-worker':
        return crew.stop(fault.worker, fault.forMs);
      case 'kill-dispatcher':
        return crew.kill(dispatchers + fault.dispatcher);
      case 'stop-dispatcher':
        return crew.stop(dispatchers + fault.dispatcher, fault.forMs);
      case 'jump-clock':
        return crew.jump(fault.worker, fault.byMs);
      case 'publish-again':
        return publishAgain(fault.item);
      case 'cancel':
        return cancel?.(fault.item);
      case 'fill-disk':
        return fillDisk(folder, fault.forMs);
      case 'kill-broker':
        this.#servers = this.#servers.then(() => this.#killServer(fault));
        return this.#servers;
      case 'kill-database':
        this.#servers = this.#servers.then(() => this.#killDatabase(fault.forMs));
        return this.#servers;
      default:
        this.#links[fault.link] = this.#links[fault.link].then(() => this.#hurt(fault));
        return this.#links[fault.link];
    }
  }

  async #killServer({ server, forMs }: Extract<Fault, { kind: 'kill-broker' }>): Promise<void> {
    const { backbone } = this.#victims;
    await backbone.kill(server);
    await pause(forMs);
    await backbone.restart(server);
  }

  async #killDatabase(forMs: number): Promise<void> {
    const { backbone } = this.#victims;
    await backbone.killDatabase?.();
    await pause(forMs);
    await backbone.restartDatabase?.();
  }

  async #hurt(fault: Extract<Fault, { link: LinkName }>): Promise<void> {
    const { backbone, lane } = this.#victims;
    const link = backbone.networks[lane]?.[fault.link];
    if (link === undefined) return;
    if (fault.kind === 'cut') return link.cut();
    link.weather = fault;
    await pause(fault.forMs);
    link.clear();
  }
}

const PIECE_BYTES = 65_536;

/** Writes until nothing goes in any more, and makes room again after a while. */
async function fillDisk(folder: string, forMs: number): Promise<void> {
  const ballast = join(folder, 'ballast');
  const file = openSync(ballast, 'w');
  const piece = new Uint8Array(PIECE_BYTES);
  try {
    for (;;) writeSync(file, piece);
  } catch {
    // It is full, which was wanted.
  } finally {
    closeSync(file);
  }
  await pause(forMs);
  rmSync(ballast);
}
