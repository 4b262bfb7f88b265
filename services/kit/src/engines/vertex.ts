import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { KitError } from '../errors.ts';
import { GoogleAccessToken } from './google-access-token.ts';
import { post } from './https-post.ts';
import type { EngineCall, EngineProtocol } from './protocol.ts';

const ENDPOINT = /^\/projects\/[^/]+\/locations\/[^/]+\/endpoints\/[^/]+$/;

export interface VertexProtocolOptions {
  /** @default - the account of the machine or pod */
  readonly token?: Pick<GoogleAccessToken, 'current' | 'refuse'>;
}

/**
 * An endpoint of Vertex AI, by `rawPredict`: the body goes as it is to the one route that the model was uploaded with, and
 * the answer comes back as it is. With `api=chat`, a server of the Model Garden by the chat completions that Google has for
 * those alone. A token that is refused is asked for again, once.
 *
 * @throws {KitError} `address-malformed`
 */
export function vertexProtocol(address: URL, options: VertexProtocolOptions = {}): EngineProtocol {
  const { host, pathname, searchParams } = address;
  const unknown = [...searchParams].filter(([key, value]) => key !== 'ca' && !(key === 'api' && value === 'chat'));
  if (host === '' || !ENDPOINT.test(pathname) || unknown.length > 0)
    throw new KitError(
      'address-malformed',
      `engine address: received ${address.href}, expected vertex://host/projects/<p>/locations/<l>/endpoints/<e>, with ca=<file> or api=chat`,
    );
  const ca = searchParams.get('ca');
  // The certificate of endpoints in a network is signed by itself: nobody but it is trusted there.
  const agent = new Agent({ keepAlive: true, ...(ca === null ? {} : { ca: readAuthority(ca) }) });
  const token = options.token ?? new GoogleAccessToken();
  const pathOf = searchParams.has('api') ? chatPath : (endpoint: string) => `/v1${endpoint}:rawPredict`;
  return {
    place: `${host}${pathname}`,
    async send(call) {
      const url = `https://${host}${pathOf(pathname, call.route)}`;
      for (let asked = 1; ; asked++) {
        const current = await token.current(call.signal);
        const response = await post(url, agent, {
          ...call,
          headers: { ...call.headers, authorization: `Bearer ${current}` },
        });
        if (response.status !== 401 || asked === 2) return response;
        token.refuse(current);
      }
    },
  };
}

/** @throws {KitError} `request-refused` for what is no chat */
function chatPath(endpoint: string, route: EngineCall['route']): string {
  if (route === '/v1/chat/completions') return `/v1beta1${endpoint}/chat/completions`;
  throw new KitError('request-refused', `${route}: an endpoint that is spoken to by api=chat answers chats alone`);
}

function readAuthority(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new KitError('address-malformed', `engine address: the authority cannot be read from ${file}`, { cause });
  }
}
