import { KitError } from '../errors.ts';

/** Of every machine of Google Cloud and every pod with an account there; no name server can point it elsewhere. */
const METADATA = 'http://169.254.169.254';
const TOKEN_PATH = '/computeMetadata/v1/instance/service-accounts/default/token';
/** The server has a new one ready when five minutes are left. */
const MARGIN_MS = 240_000;
const ANSWER_WITHIN_MS = 5_000;

interface Answer {
  readonly access_token: string;
  /** Seconds. */
  readonly expires_in: number;
}

/** The token of the account that a process runs as, asked for again when it is about to end or was refused. */
export class GoogleAccessToken {
  readonly #metadata: string;
  #held: { readonly token: string; readonly until: number } | undefined;
  /** One question for all who wait; none of them ends it for the others. */
  #asked: Promise<string> | undefined;

  /** @param metadata @default - the server that every machine has */
  constructor(metadata: string = METADATA) {
    this.#metadata = metadata;
  }

  /** @throws {KitError} `engine-failed` where the server has none, which passes while a pod is starting */
  async current(signal: AbortSignal): Promise<string> {
    if (this.#held !== undefined && this.#held.until > Date.now()) return this.#held.token;
    this.#asked ??= this.#ask().finally(() => {
      this.#asked = undefined;
    });
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const abort = (): void => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    try {
      return await Promise.race([this.#asked, aborted]);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  /** This one is of no use any more. */
  refuse(token: string): void {
    if (this.#held?.token === token) this.#held = undefined;
  }

  async #ask(): Promise<string> {
    const response = await fetch(`${this.#metadata}${TOKEN_PATH}`, {
      headers: { 'metadata-flavor': 'Google' },
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    if (!response.ok)
      throw new KitError('engine-failed', `the metadata server answered ${response.status} instead of a token`, {
        repair: 'give the workload an account of Google, bound to its service account',
      });
    const { access_token: token, expires_in: seconds } = (await response.json()) as Answer;
    this.#held = { token, until: Date.now() + seconds * 1_000 - MARGIN_MS };
    return token;
  }
}
