import { RefusedRequest } from './problem.ts';

/** What the dashboard sends with every change: a form of another site cannot, and a script of one has to ask first. */
export const DASHBOARD_HEADER = 'x-penstock-dashboard';

const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i;

interface Headers {
  readonly [name: string]: string | readonly string[] | undefined;
}

/**
 * Nobody signs in, so a browser is the way in for a page of another site: it may be made to send what its user never
 * meant. What comes from a page must come from this server's own.
 *
 * @param isLoopback the server listens on the loopback: then a name that leads there by a trick is not its own
 * @throws {RefusedRequest}
 */
export function guard(method: string, headers: Headers, isLoopback: boolean): void {
  const host = String(headers['host'] ?? '');
  if (isLoopback && !LOOPBACK.test(host)) {
    const expected = 'a name of the loopback, since this server listens only there';
    throw new RefusedRequest([{ path: 'header.host', received: JSON.stringify(host), expected }], 421);
  }
  if (method === 'GET' || method === 'HEAD') return;
  const { origin } = headers;
  const site = headers['sec-fetch-site'];
  if (origin === undefined && site === undefined) return;
  const isSame =
    (origin === undefined || hostOf(String(origin)) === host.toLowerCase()) &&
    (site === undefined || site === 'same-origin') &&
    headers[DASHBOARD_HEADER] !== undefined;
  if (isSame) return;
  const received = String(origin ?? site).slice(0, 80);
  const expected = `from a browser, only the dashboard's own requests, with ${DASHBOARD_HEADER}`;
  throw new RefusedRequest([{ path: 'header.origin', received: JSON.stringify(received), expected }], 403);
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
