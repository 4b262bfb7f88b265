import { type Agent, request } from 'node:https';
import { text } from 'node:stream/consumers';
import type { EngineCall } from './protocol.ts';

/** Posts by an agent of its own: `fetch` knows no authority of one connection's own. */
export async function post(
  url: string,
  agent: Agent,
  { body, headers, signal }: Pick<EngineCall, 'body' | 'headers' | 'signal'>,
): Promise<Response> {
  const { promise, resolve, reject } = Promise.withResolvers<Response>();
  const size = { 'content-length': Buffer.byteLength(body) };
  const sent = request(url, { method: 'POST', agent, signal, headers: { ...headers, ...size } });
  sent.once('error', reject);
  sent.once('response', (answer) => {
    const status = answer.statusCode ?? 0;
    const told = Object.entries(answer.headers).filter((each): each is [string, string] => typeof each[1] === 'string');
    text(answer).then((read) => resolve(new Response(read, { status, headers: told })), reject);
  });
  sent.end(body);
  return promise;
}
