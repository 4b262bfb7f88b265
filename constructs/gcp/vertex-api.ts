import { Duration } from '@penstock/model';
import { VertexError } from './vertex-error.ts';

export interface VertexApiOptions {
  /** Asked before each request, so that a token which ends during a deployment is renewed. */
  readonly accessToken: () => Promise<string>;
  /** Takes lines for whoever waits. */
  readonly progress: (line: string) => void;
  /** Address of the API of a location, without the version. @default - that of Google */
  readonly address?: (location: string) => string;
  /** @default - the clock */
  readonly sleep?: (duration: Duration) => Promise<void>;
  /** How long one goal is pursued, a deployment of weights of many gigabytes among them. @default 2 hours */
  readonly patience?: Duration;
}

export interface Operation {
  readonly name: string;
  readonly done?: boolean;
  readonly error?: { readonly code: number; readonly message: string };
}

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

const ANSWER_WITHIN = Duration.seconds(60);
const FIRST_PAUSE = Duration.seconds(1);
const LONGEST_PAUSE = Duration.seconds(30);
const MOST_ATTEMPTS = 8;
/** The answers that say: not now. */
const TRANSIENT: readonly number[] = [429, 500, 502, 503, 504];

/**
 * Vertex AI's public REST API, version 1, as far as what is made here needs it. An answer that was lost says nothing of
 * what the server did, so that whoever calls looks at what is there, not at what was answered.
 */
export class VertexApi {
  readonly #options: VertexApiOptions;
  readonly #sleep: (duration: Duration) => Promise<void>;
  readonly #patience: Duration;

  constructor(options: VertexApiOptions) {
    this.#options = options;
    this.#sleep = options.sleep ?? pause;
    this.#patience = options.patience ?? Duration.parse('2 hours');
  }

  /** Undefined for what is not there. */
  async find<T>(name: string): Promise<T | undefined> {
    try {
      return await this.send<T>('GET', name);
    } catch (error) {
      if (VertexError.is(error) && error.status === 404) return undefined;
      throw error;
    }
  }

  /**
   * Sends, and sends again what was not answered: for what is refused, or the same, when it comes twice.
   *
   * @throws {VertexError}
   */
  async send<T>(method: Method, path: string, body?: unknown): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#attempt<T>(method, path, body);
      } catch (error) {
        if (!VertexError.is(error, 'api-unavailable') || attempt === MOST_ATTEMPTS) throw error;
        await this.#pauseBefore(attempt, error.message, error.retryAfter);
      }
    }
  }

  /**
   * Sends once: for what makes another one when it comes twice.
   *
   * @throws {VertexError} `answer-lost` where it may have come, and what a request throws
   */
  async sendOnce<T>(method: Method, path: string, body?: unknown): Promise<T> {
    try {
      return await this.#attempt<T>(method, path, body);
    } catch (cause) {
      if (!VertexError.is(cause, 'api-unavailable')) throw cause;
      const { retryAfter } = cause;
      throw new VertexError('answer-lost', `${method} ${path}`, cause.message, { retryAfter, cause });
    }
  }

  /** As `send`; what is gone already needs no second farewell. */
  async sendUnlessGone(method: 'POST' | 'DELETE', path: string, body?: unknown): Promise<Operation> {
    try {
      return await this.send<Operation>(method, path, body);
    } catch (error) {
      if (VertexError.is(error) && error.status === 404) return { name: path, done: true };
      throw error;
    }
  }

  /**
   * Looks until it finds, and acts where it does not. What another run began, or this one before an answer was lost, is
   * waited for and not begun twice.
   *
   * @throws {VertexError} `operation-failed`, `operation-late` and what a request throws
   */
  async reach<T>(goal: string, look: () => Promise<T | undefined>, act: () => Promise<Operation>): Promise<T> {
    let left = this.#patience;
    for (let round = 1; ; round++) {
      const found = await look();
      if (found !== undefined) return found;
      if (left.microseconds <= 0)
        throw new VertexError('operation-late', goal, `did not come about within ${this.#patience}`);
      try {
        left = await this.#finish(goal, await act(), this.#read, left);
      } catch (error) {
        const why = whyAgain(error);
        if (why === undefined) throw error;
        left = less(left, await this.#pauseBefore(round, `${goal}: ${why}`, (error as VertexError).retryAfter));
      }
    }
  }

  /** Does what is the same when it is done twice, and waits for it. @throws {VertexError} as `reach` */
  async perform(goal: string, act: () => Promise<Operation>): Promise<void> {
    let done = false;
    await this.reach(
      goal,
      async () => (done ? true : undefined),
      async () => {
        const operation = await act();
        done = true;
        return operation;
      },
    );
  }

  /** Takes away what is there by that name, and waits until it is gone. @throws {VertexError} as `reach` */
  async remove(name: string): Promise<void> {
    await this.reach(
      `delete ${name}`,
      async () => ((await this.find(name)) === undefined ? true : undefined),
      () => this.sendUnlessGone('DELETE', name),
    );
  }

  /**
   * Waits for what goes on by itself; `read` says how far it is.
   *
   * @throws {VertexError} `operation-failed`, `operation-late` and what `read` throws
   */
  async finish(goal: string, begun: Operation, read: (name: string) => Promise<Operation>): Promise<void> {
    await this.#finish(goal, begun, read, this.#patience);
  }

  readonly #read = (name: string): Promise<Operation> => this.send<Operation>('GET', name);

  /** What is left of the patience after the operation has ended. */
  async #finish(
    goal: string,
    begun: Operation,
    read: (name: string) => Promise<Operation>,
    patience: Duration,
  ): Promise<Duration> {
    let left = patience;
    let operation = begun;
    for (let round = 1; operation.done !== true; round++) {
      if (left.microseconds <= 0) throw new VertexError('operation-late', goal, `${operation.name} is still running`);
      left = less(left, await this.#pauseBefore(round, `${goal}: running, ${left} left`));
      operation = await read(operation.name);
    }
    if (operation.error !== undefined)
      throw new VertexError('operation-failed', goal, operation.error.message, {
        reason: String(operation.error.code),
      });
    this.#options.progress(`${goal}: done`);
    return left;
  }

  async #pauseBefore(round: number, why: string, least = Duration.zero): Promise<Duration> {
    const wait = Duration.max(pauseAfter(round), least);
    this.#options.progress(`${why}; again in ${wait}`);
    await this.#sleep(wait);
    return wait;
  }

  async #attempt<T>(method: Method, path: string, body: unknown): Promise<T> {
    const { accessToken, address = googleAddress } = this.#options;
    const place = `${method} ${path}`;
    try {
      const response = await fetch(`${address(locationOf(path))}/v1/${path}`, {
        method,
        headers: { authorization: `Bearer ${await accessToken()}`, 'content-type': 'application/json' },
        signal: AbortSignal.timeout(ANSWER_WITHIN.toMilliseconds()),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      if (response.ok) return JSON.parse(text === '' ? '{}' : text) as T;
      throw refusal(place, response, text);
    } catch (cause) {
      if (VertexError.is(cause)) throw cause;
      throw new VertexError('api-unavailable', place, 'no answer', { cause });
    }
  }
}

const less = (patience: Duration, spent: Duration): Duration =>
  Duration.microseconds(Math.max(0, patience.microseconds - spent.microseconds));

const pause = (duration: Duration): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, duration.toMilliseconds('up')));

const googleAddress = (location: string): string => `https://${location}-aiplatform.googleapis.com`;

/** Every name of the API has its location in it, and each location is a host of its own. */
function locationOf(path: string): string {
  const location = /\/locations\/([^/]+)\//.exec(path)?.[1];
  if (location !== undefined) return location;
  throw new VertexError('request-refused', path, 'is no name of a resource, expected projects/<p>/locations/<l>/...');
}

/** Twice as long each time, and somewhere in the upper half of that: two runs that met once do not meet again. */
function pauseAfter(attempt: number): Duration {
  const full = Duration.min(FIRST_PAUSE.times(2 ** (attempt - 1)), LONGEST_PAUSE);
  return Duration.milliseconds(Math.ceil(full.toMilliseconds('up') * (0.5 + Math.random() / 2)));
}

/** Seconds or a date. */
function retryAfterOf(header: string | null): Duration {
  if (header === null) return Duration.zero;
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1_000;
  return Number.isFinite(seconds) && seconds > 0 ? Duration.seconds(Math.ceil(seconds)) : Duration.zero;
}

function refusal(place: string, { status, headers }: Response, text: string): VertexError {
  const { message, reason } = explained(text);
  const retryAfter = retryAfterOf(headers.get('retry-after'));
  const code = TRANSIENT.includes(status)
    ? 'api-unavailable'
    : status === 401 || status === 403
      ? 'credentials-refused'
      : 'request-refused';
  return new VertexError(code, place, `${status} ${message}`, {
    status,
    retryAfter,
    ...(reason === undefined ? {} : { reason }),
  });
}

interface ErrorBody {
  readonly error?: { readonly message?: string; readonly status?: string };
}

function explained(text: string): { readonly message: string; readonly reason?: string } {
  try {
    const { message = text, status } = (JSON.parse(text) as ErrorBody).error ?? {};
    return { message, ...(status === undefined ? {} : { reason: status }) };
  } catch {
    // A proxy on the way answers in its own words.
    return { message: text.slice(0, 200) };
  }
}

/** Undefined where looking again helps nobody. */
function whyAgain(error: unknown): string | undefined {
  if (!VertexError.is(error)) return undefined;
  if (error.code === 'answer-lost') return error.message;
  const underWay =
    error.code === 'request-refused' &&
    (error.status === 409 || (error.reason === 'FAILED_PRECONDITION' && /operation/i.test(error.message)));
  return underWay ? `something else is under way there (${error.reason})` : undefined;
}
