import type { ServiceProcess } from './service-process.ts';
import type { ServicePlan } from './services.ts';

/** The processes of one worker. The first one is there before the others; the last one to come is the first to go. */
export class WorkerPool {
  readonly id: string;
  readonly #plan: ServicePlan;
  readonly #make: (plan: ServicePlan) => ServiceProcess;
  #processes: ServiceProcess[] = [];
  #stopping = new Set<Promise<void>>();
  #restartsOfGone = 0;
  #made = 0;

  constructor(id: string, plan: ServicePlan, make: (plan: ServicePlan) => ServiceProcess) {
    this.id = id;
    this.#plan = plan;
    this.#make = make;
  }

  /** Those that are wanted, whether they are up yet or not. */
  get size(): number {
    return this.#processes.length;
  }

  /** Those that were told to stop and still end their work. */
  get ending(): number {
    return this.#stopping.size;
  }

  get restarts(): number {
    return this.#processes.reduce((sum, { restarts }) => sum + restarts, this.#restartsOfGone);
  }

  get pids(): readonly number[] {
    return this.#processes.flatMap(({ pid }) => (pid === undefined ? [] : [pid]));
  }

  /** Starts or stops as many as it takes; what is stopped hands its work back. Resolves when new ones listen. */
  async scaleTo(replicas: number): Promise<void> {
    while (this.#processes.length > replicas) this.#stop(this.#processes.pop() as ServiceProcess);
    const started: Promise<unknown>[] = [];
    while (this.#processes.length < replicas) {
      this.#made += 1;
      const name = this.#made === 1 ? this.#plan.name : `${this.#plan.name}-${this.#made}`;
      const made = this.#make({ ...this.#plan, name });
      this.#processes.push(made);
      started.push(made.start());
    }
    await Promise.all(started);
  }

  async stop(): Promise<void> {
    for (const process of this.#processes.splice(0)) this.#stop(process);
    await Promise.all(this.#stopping);
  }

  kill(): void {
    for (const process of this.#processes) process.kill();
  }

  #stop(process: ServiceProcess): void {
    const stopped = process.stop().finally(() => {
      this.#restartsOfGone += process.restarts;
      this.#stopping.delete(stopped);
    });
    this.#stopping.add(stopped);
  }
}
