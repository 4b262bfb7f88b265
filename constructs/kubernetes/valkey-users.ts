import type { SecretReference } from '../secret-reference.ts';

/** One who may connect, by its name. */
export interface ValkeyUser {
  readonly password: SecretReference;
  /** Patterns of the keys it may use, e.g. `rerank:*`. */
  readonly keys: readonly string[];
  readonly access: 'read' | 'read-write';
}

/** By name. The server's own `default` is closed. */
export type ValkeyUsers = Readonly<Record<string, ValkeyUser>> & { readonly default?: never };

/** Asks whether the server is well and how it does, and can do nothing else: it has no password. */
export const PROBE_USER = 'penstock-probe';

/** Without commands that empty, copy or reconfigure the whole server, or tell the names of other users' keys. */
const WITHOUT = '-@admin -@dangerous -scan -randomkey -dbsize';
/** What drivers ask when they connect; `info` counts as dangerous and tells nothing of the data. */
const ASK = '+info';
const COMMANDS = {
  read: `+@read +@connection ${WITHOUT} ${ASK}`,
  // Scripts run by the rights of who sends them; what is kept of them, and functions, are everybody's.
  'read-write': `+@read +@write +@transaction +@scripting +@connection ${WITHOUT} -function -script|flush -script|kill ${ASK}`,
} as const;

/**
 * The users' file of a server.
 *
 * @param hashOf SHA-256 of a user's password in hex, or what stands for it until it is known
 */
export const valkeyUsers = (users: ValkeyUsers, hashOf: (name: string) => string): string =>
  [
    'user default off resetpass resetkeys resetchannels -@all',
    `user ${PROBE_USER} on nopass resetkeys resetchannels -@all +ping +info +slowlog|len`,
    ...Object.entries(users).map(
      ([name, { keys, access }]) =>
        `user ${name} on #${hashOf(name)} resetkeys ${keys.map((key) => `~${key}`).join(' ')} resetchannels -@all ${COMMANDS[access]}`,
    ),
    '',
  ].join('\n');
