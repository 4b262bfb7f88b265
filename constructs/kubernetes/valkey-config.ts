import type { Bytes } from '@penstock/model';

/** What a write that was answered survives. `fsync`: power loss; `every-second`: power loss, but for the last second of it. */
export type ValkeyDurability = 'fsync' | 'every-second';

/**
 * What it is for. A cache forgets what was used least lately, and everything with its pod: any number of servers that do
 * not know each other, and clients that pick one by the key. What is durable is on the disk of one primary. Nothing is
 * promised of replicas, since they follow by their own time: a primary that is lost loses answered writes that no replica
 * has, whatever it waits for.
 */
export type ValkeyMode =
  | { readonly mode: 'cache'; readonly servers: number }
  | {
      readonly mode: 'durable';
      readonly durability: ValkeyDurability;
      /** At least twice the memory. */
      readonly storage: { readonly storageClass: string; readonly size: Bytes };
    };

export interface ValkeyConfigProps {
  readonly mode: ValkeyMode;
  /** Of each server, as its limit. */
  readonly memory: Bytes;
  /** Folder with `tls.crt`, `tls.key` and `ca.crt`. @default - connections are not encrypted */
  readonly tlsFolder?: string;
}

export const VALKEY_PORTS = { client: 6379, metrics: 9121 } as const;
export const VALKEY_DATA = '/data';
export const VALKEY_USERS = '/etc/valkey-users/users.acl';

/**
 * Of the memory limit, for data. What fragments and what clients wait for comes on top; a durable server also copies the
 * pages that are written while it writes its log anew, in the worst case all.
 */
const DATA_SHARE = { cache: 0.75, durable: 0.5 } as const;
const APPEND_FSYNC: Readonly<Record<ValkeyDurability, string>> = { fsync: 'always', 'every-second': 'everysec' };

/** Bytes of data that a server of this memory takes. */
export const maxMemory = (memory: Bytes, { mode }: ValkeyMode): number => Math.floor(memory.bytes * DATA_SHARE[mode]);

/** The configuration of every server, as text. */
export function valkeyConfig({ mode, memory, tlsFolder }: ValkeyConfigProps): string {
  const settings: readonly (readonly [string, string | number])[] = [
    ...(tlsFolder === undefined
      ? ([['port', VALKEY_PORTS.client]] as const)
      : ([
          ['port', 0],
          ['tls-port', VALKEY_PORTS.client],
          ['tls-cert-file', `${tlsFolder}/tls.crt`],
          ['tls-key-file', `${tlsFolder}/tls.key`],
          ['tls-ca-cert-file', `${tlsFolder}/ca.crt`],
          // Clients say who they are by their password.
          ['tls-auth-clients', 'no'],
        ] as const)),
    ['protected-mode', 'yes'],
    ['aclfile', VALKEY_USERS],
    ['dir', VALKEY_DATA],
    // Clients that are gone without a word.
    ['tcp-keepalive', 60],
    ['maxmemory', maxMemory(memory, mode)],
    // A client that does not read its answers is closed before it takes the memory of all.
    ['maxmemory-clients', '10%'],
    // One thread serves all: a large value is not freed by it.
    ['lazyfree-lazy-eviction', 'yes'],
    ['lazyfree-lazy-expire', 'yes'],
    ['lazyfree-lazy-server-del', 'yes'],
    ['lazyfree-lazy-user-del', 'yes'],
    ['latency-monitor-threshold', 100],
    // No snapshots beside: one of a cache is of no use, and the log of a durable server is all of it.
    ['save', '""'],
    ...(mode.mode === 'cache'
      ? ([
          ['appendonly', 'no'],
          ['maxmemory-policy', 'allkeys-lru'],
        ] as const)
      : ([
          ['appendonly', 'yes'],
          ['appendfsync', APPEND_FSYNC[mode.durability]],
          // Also while the log is written anew: a promise without an exception.
          ['no-appendfsync-on-rewrite', 'no'],
          // Full, it refuses to write instead of forgetting what it had promised to keep.
          ['maxmemory-policy', 'noeviction'],
        ] as const)),
  ];
  return settings.map(([key, value]) => `${key} ${value}\n`).join('');
}
