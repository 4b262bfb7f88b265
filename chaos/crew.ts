import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { FromProcess, ToProcess } from './process.ts';

const CLOCK = new URL('./clock.ts', import.meta.url).href;
/** A worker that does not end by itself in this time is ended: a process that hangs must not hold up the lab. */
const ENDS_WITHIN_MS = 15_000;

type Task = Extract<ToProcess, { readonly kind: 'start' }>['task'];
export type Hear = (message: FromProcess, place: number) => void;

/** Processes in numbered places. Who is killed is replaced; who lives serves the next run too. */
export class Crew implements AsyncDisposable {
  readonly #places: (ChildProcess | undefined)[] = [];
  readonly #script: string;
  #tasks: readonly Task[] = [];
  #hear: Hear = () => {};

  /** @param script of its processes, beside this one */
  constructor(script: 'worker.ts' | 'job-process.ts' | 'event-process.ts') {
    this.#script = fileURLToPath(new URL(script, import.meta.url));
  }

  /** Resolves when each task has a process; what they are told to do they begin in their own time. */
  async start(tasks: readonly Task[], hear: Hear): Promise<void> {
    this.#tasks = tasks;
    this.#hear = hear;
    await Promise.all(tasks.map((_, place) => this.#put(place)));
  }

  /** As power loss of a process; another one takes its place. */
  async kill(place: number): Promise<void> {
    const child = this.#places[place];
    this.#places[place] = undefined;
    await ended(child);
    if (this.#tasks.length > 0) await this.#put(place);
  }

  async stop(place: number, forMs: number): Promise<void> {
    const child = this.#places[place];
    child?.kill('SIGSTOP');
    await pause(forMs);
    child?.kill('SIGCONT');
  }

  jump(place: number, offsetMs: number): void {
    this.#tell(place, { kind: 'jump', offsetMs });
  }

  /** Ends the run for all: they settle what they can. @returns those that had to be killed for it */
  async end(): Promise<number> {
    const tasks = this.#tasks;
    this.#tasks = [];
    const outcomes = await Promise.all(tasks.map((_, place) => this.#end(place)));
    return outcomes.filter((isKilled) => isKilled).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#tasks = [];
    await Promise.all(this.#places.splice(0).map((child) => ended(child)));
  }

  async #put(place: number): Promise<void> {
    const known = this.#places[place];
    const child = known ?? startProcess(this.#script);
    this.#places[place] = child;
    if (known === undefined) {
      child.on('message', (message: FromProcess) => this.#hear(message, place));
      await Promise.race([once(child, 'message'), once(child, 'exit')]);
    }
    const task = this.#tasks[place];
    if (task !== undefined && this.#places[place] === child) {
      this.#tell(place, { kind: 'jump', offsetMs: 0 });
      this.#tell(place, { kind: 'start', task });
    }
  }

  async #end(place: number): Promise<boolean> {
    const child = this.#places[place];
    if (child === undefined || !child.connected) return false;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => resolve(true), ENDS_WITHIN_MS);
    const hear = (message: FromProcess): unknown => message.kind === 'ended' && resolve(false);
    const gone = (): void => resolve(false);
    child.on('message', hear).once('exit', gone);
    this.#tell(place, { kind: 'end' });
    const isHanging = await promise;
    clearTimeout(timer);
    child.off('message', hear).off('exit', gone);
    if (isHanging || child.exitCode !== null) {
      this.#places[place] = undefined;
      await ended(child);
    }
    return isHanging;
  }

  #tell(place: number, message: ToProcess): void {
    const child = this.#places[place];
    // Whoever was killed a moment ago hears nothing.
    if (child?.connected) child.send(message, () => {});
  }
}

const startProcess = (script: string): ChildProcess =>
  fork(script, [], {
    execArgv: ['--disable-warning=ExperimentalWarning', '--import', CLOCK],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });

async function ended(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}
