import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { FromWorker, ToWorker, WorkerTask } from './worker.ts';

const WORKER = fileURLToPath(new URL('./worker.ts', import.meta.url));
const CLOCK = new URL('./clock.ts', import.meta.url).href;
/** A worker that does not end by itself in this time is ended: a process that hangs must not hold up the lab. */
const ENDS_WITHIN_MS = 15_000;

export type Hear = (message: FromWorker, worker: number) => void;

/** Worker processes in numbered places. Who is killed is replaced; who lives serves the next run too. */
export class Crew implements AsyncDisposable {
  readonly #places: (ChildProcess | undefined)[] = [];
  #task: WorkerTask | undefined;
  #size = 0;
  #hear: Hear = () => {};

  /** Resolves when all have a process; what they are told to do they begin in their own time. */
  async start(size: number, task: WorkerTask, hear: Hear): Promise<void> {
    this.#size = size;
    this.#task = task;
    this.#hear = hear;
    await Promise.all(Array.from({ length: size }, (_, worker) => this.#put(worker)));
  }

  /** As power loss of a process; another one takes its place. */
  async kill(worker: number): Promise<void> {
    const child = this.#places[worker];
    this.#places[worker] = undefined;
    await ended(child);
    if (this.#task !== undefined) await this.#put(worker);
  }

  async stop(worker: number, forMs: number): Promise<void> {
    const child = this.#places[worker];
    child?.kill('SIGSTOP');
    await pause(forMs);
    child?.kill('SIGCONT');
  }

  jump(worker: number, offsetMs: number): void {
    this.#tell(worker, { kind: 'jump', offsetMs });
  }

  /** Ends the run for all: they settle what they can. @returns those that had to be killed for it */
  async end(): Promise<number> {
    if (this.#task === undefined) return 0;
    this.#task = undefined;
    const outcomes = await Promise.all(Array.from({ length: this.#size }, (_, worker) => this.#end(worker)));
    return outcomes.filter((isKilled) => isKilled).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#task = undefined;
    await Promise.all(this.#places.splice(0).map((child) => ended(child)));
  }

  async #put(worker: number): Promise<void> {
    const known = this.#places[worker];
    const child = known ?? startProcess();
    this.#places[worker] = child;
    if (known === undefined) {
      child.on('message', (message: FromWorker) => this.#hear(message, worker));
      await Promise.race([once(child, 'message'), once(child, 'exit')]);
    }
    if (this.#task !== undefined && this.#places[worker] === child) {
      this.#tell(worker, { kind: 'jump', offsetMs: 0 });
      this.#tell(worker, { kind: 'start', task: this.#task });
    }
  }

  async #end(worker: number): Promise<boolean> {
    const child = this.#places[worker];
    if (child === undefined || !child.connected) return false;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => resolve(true), ENDS_WITHIN_MS);
    child.on('message', (message: FromWorker) => message.kind === 'ended' && resolve(false));
    child.once('exit', () => resolve(false));
    this.#tell(worker, { kind: 'end' });
    const isHanging = await promise;
    clearTimeout(timer);
    if (isHanging || child.exitCode !== null) {
      this.#places[worker] = undefined;
      await ended(child);
    }
    return isHanging;
  }

  #tell(worker: number, message: ToWorker): void {
    const child = this.#places[worker];
    // Whoever was killed a moment ago hears nothing.
    if (child?.connected) child.send(message, () => {});
  }
}

const startProcess = (): ChildProcess =>
  fork(WORKER, [], {
    execArgv: ['--disable-warning=ExperimentalWarning', '--import', CLOCK],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });

async function ended(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}
