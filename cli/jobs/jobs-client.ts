import { CommandError, EXIT } from '../exit.ts';

export type State = 'waiting' | 'ready' | 'released' | 'running' | 'succeeded' | 'failed' | 'cancelled';

export interface QueueFacts {
  readonly queue: string;
  readonly states: Readonly<Record<State, number>>;
  readonly delayed: number;
  readonly oldestReadyMs: number;
  readonly totals: { readonly added: number; readonly ended: number; readonly failed: number };
  readonly pausedAt?: number;
  readonly isDrained: boolean;
  readonly leader?: string;
}

export interface FailureFacts {
  readonly attempt: number;
  readonly at: number;
  readonly code: string;
  readonly reason: string;
}

export interface JobFacts {
  readonly id: string;
  readonly task: string;
  readonly state: State;
  readonly createdAt: number;
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly lastFailure?: FailureFacts;
}

export interface JobDetails extends JobFacts {
  readonly queue: string;
  readonly payload?: unknown;
  readonly history: readonly FailureFacts[];
  readonly steps: readonly string[];
}

export interface RedriveFacts {
  readonly redriven: number;
  readonly skipped: Readonly<Record<string, number>>;
  readonly next?: number;
}

export interface ScheduleFacts {
  readonly name: string;
  readonly cron?: string;
  readonly timeZone?: string;
  readonly missed?: string;
  readonly job?: { readonly task: string };
  readonly nextAt?: number;
  readonly isPaused: boolean;
  readonly isDeclared: boolean;
}

const ANSWER_WITHIN_MS = 10_000;
/** Who types a command wants to see what the one before it did. */
const ANEW = { 'cache-control': 'no-cache' };

/** The API of a task queue, as the command line uses it. */
export class JobsClient {
  readonly #url: string;

  constructor(url: string) {
    if (!URL.canParse(url)) throw new CommandError('usage', `--url: received "${url}", expected http://host:port`);
    this.#url = url.replace(/\/+$/, '');
  }

  queues(): Promise<{ readonly queues: readonly QueueFacts[] }> {
    return this.#call('GET', '/v1/queues', undefined, ANEW);
  }

  queue(name: string): Promise<QueueFacts> {
    return this.#call('GET', queuePath(name), undefined, ANEW);
  }

  list(
    name: string,
    filter: Readonly<Record<string, string | undefined>>,
  ): Promise<{ readonly jobs: readonly JobFacts[]; readonly next?: number }> {
    const given = Object.entries(filter).filter((entry): entry is [string, string] => entry[1] !== undefined);
    return this.#call('GET', `${queuePath(name)}/jobs?${new URLSearchParams(given)}`);
  }

  job(id: string): Promise<JobDetails> {
    return this.#call('GET', jobPath(id));
  }

  add(name: string, key: string, job: object): Promise<{ readonly id: string; readonly duplicate: boolean }> {
    return this.#call('POST', `${queuePath(name)}/jobs`, job, { 'idempotency-key': key });
  }

  cancel(id: string, reason: string | undefined): Promise<{ readonly outcome: string }> {
    return this.#call('POST', `${jobPath(id)}/cancel`, reason === undefined ? {} : { reason });
  }

  redriveJob(id: string): Promise<JobDetails> {
    return this.#call('POST', `${jobPath(id)}/redrive`);
  }

  /** All that match, by as many calls as it takes. */
  async redriveAll(name: string, filter: { readonly task: string | undefined; readonly group: string | undefined }) {
    const skipped: Record<string, number> = {};
    let redriven = 0;
    for (let after: number | undefined; ; ) {
      const page: RedriveFacts = await this.#call('POST', `${queuePath(name)}/redrive`, { ...filter, after });
      redriven += page.redriven;
      for (const [why, count] of Object.entries(page.skipped)) skipped[why] = (skipped[why] ?? 0) + count;
      if (page.next === undefined) return { redriven, skipped };
      after = page.next;
    }
  }

  schedules(name: string): Promise<{ readonly schedules: readonly ScheduleFacts[] }> {
    return this.#call('GET', `${queuePath(name)}/schedules`);
  }

  putSchedule(name: string, schedule: string, body: object): Promise<ScheduleFacts> {
    return this.#call('PUT', schedulePath(name, schedule), body);
  }

  switchSchedule(name: string, schedule: string, to: 'pause' | 'resume'): Promise<ScheduleFacts> {
    return this.#call('POST', `${schedulePath(name, schedule)}/${to}`);
  }

  async removeSchedule(name: string, schedule: string): Promise<void> {
    await this.#call('DELETE', schedulePath(name, schedule));
  }

  pause(name: string): Promise<QueueFacts> {
    return this.#call('POST', `${queuePath(name)}/pause`);
  }

  bound(name: string, most: { readonly jobs?: number; readonly bytes?: number }): Promise<QueueFacts> {
    return this.#call('PUT', `${queuePath(name)}/bound`, most);
  }

  resume(name: string): Promise<QueueFacts> {
    return this.#call('POST', `${queuePath(name)}/resume`);
  }

  /** @throws {CommandError} `service-failed` with what the server said, or that there is none */
  async #call<Answer>(
    method: string,
    path: string,
    body?: object,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    let answer: Response;
    let text: string;
    try {
      answer = await fetch(`${this.#url}${path}`, {
        method,
        headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      text = await answer.text();
    } catch (cause) {
      throw new CommandError('service-failed', `no task queue answers at ${this.#url}; name one by --url`, { cause });
    }
    const value = answer.status === 204 ? null : parsed(text);
    if (answer.ok && value !== undefined) return value as Answer;
    const { detail } = (value ?? {}) as { readonly detail?: string };
    if (detail === undefined)
      throw new CommandError('service-failed', `what answers at ${this.#url} is no task queue (${answer.status})`);
    const exit = answer.status < 500 && answer.status !== 429 ? EXIT.invalid : EXIT.failed;
    throw new CommandError('service-failed', detail, { exit });
  }
}

const queuePath = (name: string): string => `/v1/queues/${encodeURIComponent(name)}`;
const schedulePath = (name: string, schedule: string): string =>
  `${queuePath(name)}/schedules/${encodeURIComponent(schedule)}`;
const jobPath = (id: string): string => `/v1/jobs/${encodeURIComponent(id)}`;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
