import type { Backlog, Contestant } from './contestant.ts';

/** One that has workers of its own and keeps what waits: it can be left at work, and be filled. */
export interface JobSystem extends Contestant {
  open(concurrency: number): Promise<JobBacklog>;
  /** That its jobs take where they lie: of a file, of a database, or of a server's memory. */
  bytes(): Promise<number>;
}

export interface JobBacklog extends Backlog {
  /** Adds many at once, the way that is made for it; resolves when they are durable. */
  fill(from: number, count: number): Promise<void>;
  /** Starts its workers, with a handler that does nothing; disposing stops them. */
  work(hooks: WorkHooks): Promise<AsyncDisposable>;
}

export interface WorkHooks {
  /** The handler has the job. */
  readonly began: (index: number) => void;
}
