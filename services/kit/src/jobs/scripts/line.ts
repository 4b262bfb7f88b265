import { rows, type Script } from '../script.ts';

/** A job that could be released, as far as the line knows. */
export interface Candidate {
  readonly id: string;
  readonly seq: number;
  readonly task: string;
  readonly rank: number;
  readonly limit_key: string | null;
}

const TASKS = `WITH RECURSIVE line (task) AS (
    SELECT min(task) FROM jobs WHERE state = 'ready' AND place = 1 AND queue = $1 AND share_group = $2
    UNION ALL
    SELECT (SELECT min(task) FROM jobs WHERE state = 'ready' AND place = 1 AND queue = $1 AND share_group = $2
              AND task > line.task)
    FROM line WHERE task IS NOT NULL)
  SELECT task FROM line WHERE task IS NOT NULL`;

/** Jobs of one task read at once. */
const CHUNK = 16;

interface Lane {
  readonly task: string;
  readonly jobs: Candidate[];
  isRead: boolean;
}

/**
 * One group's jobs in the order of their turns, read as they are asked for. It goes through the tasks side by side, so
 * that a task nobody may release now is passed by, however many of its jobs stand in front.
 */
export class Line {
  readonly #queue: string;
  readonly #group: string;
  #lanes: Lane[] | undefined;

  constructor(queue: string, group: string) {
    this.#queue = queue;
    this.#group = group;
  }

  /** @param mayGo whether jobs of a task may be released */
  *next(mayGo: (task: string) => boolean): Script<Candidate | undefined> {
    if (this.#lanes === undefined) {
      const tasks = yield* rows<{ readonly task: string }>(TASKS, [this.#queue, this.#group]);
      this.#lanes = tasks.map(({ task }) => ({ task, jobs: [], isRead: false }));
    }
    let first: Lane | undefined;
    for (const lane of this.#lanes) {
      if (!mayGo(lane.task)) continue;
      if (lane.jobs.length === 0 && !lane.isRead) yield* this.#read(lane);
      const [head] = lane.jobs;
      if (head !== undefined && (first === undefined || isBefore(head, first.jobs[0] as Candidate))) first = lane;
    }
    const chosen = first?.jobs.shift();
    if (first !== undefined && chosen !== undefined && first.jobs.length === 0 && !first.isRead)
      yield* this.#read(first, chosen);
    return chosen;
  }

  *#read(lane: Lane, after?: Candidate): Script<void> {
    const start = after === undefined ? [Number.MIN_SAFE_INTEGER, 0] : [after.rank, after.seq];
    const found = yield* rows<Candidate>(
      `SELECT id, seq, task, rank, limit_key FROM jobs WHERE state = 'ready' AND place = 1 AND queue = $1
         AND share_group = $2 AND task = $3 AND (rank, seq) > ($4, $5) ORDER BY rank, seq LIMIT ${CHUNK}`,
      [this.#queue, this.#group, lane.task, ...start],
    );
    lane.jobs.push(...found);
    lane.isRead = found.length < CHUNK;
  }
}

const isBefore = (a: Candidate, b: Candidate): boolean => a.rank < b.rank || (a.rank === b.rank && a.seq < b.seq);
