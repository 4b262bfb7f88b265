import type { EngineProtocol } from './protocol.ts';

/** A server that is spoken to as it is, by the network alone. */
export function directProtocol({ href }: URL): EngineProtocol {
  const base = href.replace(/\/$/, '');
  return {
    place: base,
    send: ({ route, body, headers, signal }) =>
      fetch(`${base}${route}`, { method: 'POST', body, headers: { ...headers }, signal }),
  };
}
