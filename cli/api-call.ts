import { CommandError, EXIT } from './exit.ts';

/** A service that a command asks. */
export interface ApiServer {
  /** What it is, for people, e.g. `task queue`. */
  readonly what: string;
  readonly url: string;
}

const ANSWER_WITHIN_MS = 10_000;

/** @throws {CommandError} `usage` */
export function apiServer(what: string, url: string): ApiServer {
  if (!URL.canParse(url)) throw new CommandError('usage', `--url: received "${url}", expected http://host:port`);
  return { what, url: url.replace(/\/+$/, '') };
}

/** @throws {CommandError} `service-failed` with what the server said, or that there is none */
export async function callApi<Answer>(
  { what, url }: ApiServer,
  method: string,
  path: string,
  body?: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  let answer: Response;
  let text: string;
  try {
    answer = await fetch(`${url}${path}`, {
      method,
      headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    text = await answer.text();
  } catch (cause) {
    throw new CommandError('service-failed', `no ${what} answers at ${url}; name one by --url`, { cause });
  }
  const value = answer.status === 204 ? null : parsed(text);
  if (answer.ok && value !== undefined) return value as Answer;
  const { detail } = (value ?? {}) as { readonly detail?: string };
  if (detail === undefined)
    throw new CommandError('service-failed', `what answers at ${url} is no ${what} (${answer.status})`);
  const exit = answer.status < 500 && answer.status !== 429 ? EXIT.invalid : EXIT.failed;
  throw new CommandError('service-failed', detail, { exit });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
