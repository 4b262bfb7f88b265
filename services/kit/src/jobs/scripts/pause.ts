import { type Script, tell } from '../script.ts';

/** Releases nothing more of the queue until it is resumed; what is out goes on. */
export function* pause(queue: string, now: number): Script<void> {
  yield* tell(
    `INSERT INTO job_queues (queue, paused_at) VALUES ($1, $2)
     ON CONFLICT (queue) DO UPDATE SET paused_at = COALESCE(job_queues.paused_at, excluded.paused_at)`,
    [queue, now],
  );
}

export function* resume(queue: string): Script<void> {
  yield* tell('UPDATE job_queues SET paused_at = NULL WHERE queue = $1', [queue]);
}
