import { KitError } from '../errors.ts';

/** Engines by the scheme of an address. Each is loaded only when it is used: a process on SQLite carries no network client. */
export type Engines<Engine> = ReadonlyMap<string, () => Promise<Engine>>;

/** How an address is to look, for people. */
export interface AddressForm {
  /** What lies there, e.g. `events`. */
  readonly what: string;
  readonly expected: string;
}

export const SQL_ADDRESS = 'sqlite:/path/to/file or postgres://host:port/database';

/** Of `sqlite:/path/to/file`. */
export const pathOf = (url: string): string => url.slice('sqlite:'.length);

/** The engine that an address names. @throws {KitError} `address-malformed` */
export async function engineOf<Engine>(
  url: string,
  engines: Engines<Engine>,
  { what, expected }: AddressForm,
): Promise<Engine> {
  const colon = url.indexOf(':');
  const engine = engines.get(url.slice(0, colon));
  if (engine !== undefined && url.length > colon + 1) return engine();
  throw new KitError('address-malformed', `${what}: received ${JSON.stringify(url)}, expected ${expected}`);
}
