import { type ApiServer, apiServer, callApi } from '../api-call.ts';

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

/** Who types a command wants to see what the one before it did. */
const ANEW = { 'cache-control': 'no-cache' };

/** The API of a task queue, as the command line uses it. */
export class JobsClient {
  readonly #server: ApiServer;

  constructor(url: string) {
    this.#server = apiServer('task queue', url);
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

  #call<Answer>(
    method: string,
    path: string,
    body?: object,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    return callApi<Answer>(this.#server, method, path, body, headers);
  }
}

const queuePath = (name: string): string => `/v1/queues/${encodeURIComponent(name)}`;
const schedulePath = (name: string, schedule: string): string =>
  `${queuePath(name)}/schedules/${encodeURIComponent(schedule)}`;
const jobPath = (id: string): string => `/v1/jobs/${encodeURIComponent(id)}`;
