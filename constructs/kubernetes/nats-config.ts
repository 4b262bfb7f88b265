import type { Bytes } from '@penstock/model';
import { type NatsGrant, permissionsOf } from './nats-permissions.ts';

/** What an acknowledged write survives. `fsync`: power loss of any servers; `replicated`: the loss of one at a time; `best-effort`: neither. */
export type NatsDurability = 'fsync' | 'replicated' | 'best-effort';

/** One who may connect. The server knows only the public key; the seed lies in a secret of the client's namespace. */
export interface NatsClient {
  /** Public user key (`U...`), as `nk -gen user -pubout` prints it. */
  readonly publicKey: string;
  readonly grants: readonly NatsGrant[];
}

export interface NatsConfigProps {
  readonly name: string;
  readonly servers: number;
  readonly durability: NatsDurability;
  /** Of each server's volume. */
  readonly storage: Bytes;
  readonly account: string;
  readonly clients: readonly NatsClient[];
  /** Folder with `tls.crt`, `tls.key` and `ca.crt`. @default - connections are not encrypted */
  readonly tlsFolder?: string;
}

/** Environment variables of a server, which its configuration refers to. */
export const NATS_VARIABLES = { serverName: 'SERVER_NAME', zoneTag: 'ZONE_TAG' } as const;

export const NATS_PORTS = { client: 4222, cluster: 6222, monitor: 8222 } as const;
export const EXPORTER_PORT = 7777;
export const NATS_DATA = '/data';
export const NATS_PID_FILE = '/var/run/nats/nats.pid';

/** When the server writes to the disk what it has acknowledged; its own default is two minutes. */
const SYNC_INTERVAL: Readonly<Record<NatsDurability, string>> = {
  fsync: 'always',
  replicated: '10s',
  'best-effort': '2m',
};
/** The file system's own share, and room for a compaction. */
const STORE_SHARE = 0.9;

/** The configuration of every server of a cluster, as text. */
export function natsConfig(props: NatsConfigProps): string {
  const { name, servers, tlsFolder } = props;
  const tls =
    tlsFolder === undefined
      ? {}
      : {
          tls: {
            cert_file: `${tlsFolder}/tls.crt`,
            key_file: `${tlsFolder}/tls.key`,
            ca_file: `${tlsFolder}/ca.crt`,
          },
        };
  const config = {
    server_name: `$${NATS_VARIABLES.serverName}`,
    port: NATS_PORTS.client,
    // Unencrypted, since the scaler that reads it knows no authority; a network policy says who may.
    http_port: NATS_PORTS.monitor,
    pid_file: NATS_PID_FILE,
    // Clients leave over half a minute instead of all at once.
    lame_duck_grace_period: '10s',
    lame_duck_duration: '30s',
    // A tag for each zone: copies of a stream go to servers whose tags differ.
    server_tags: [`$${NATS_VARIABLES.zoneTag}`],
    ...tls,
    jetstream: {
      store_dir: NATS_DATA,
      max_file_store: Math.floor(props.storage.bytes * STORE_SHARE),
      max_memory_store: 0,
      sync_interval: SYNC_INTERVAL[props.durability],
      ...(servers > 1 ? { unique_tag: 'az' } : {}),
    },
    ...(servers > 1
      ? {
          cluster: {
            name,
            port: NATS_PORTS.cluster,
            // Clients find servers by name; addresses of pods mean nothing after a restart.
            no_advertise: true,
            routes: Array.from(
              { length: servers },
              (_, n) => `nats://${name}-${n}.${name}-headless:${NATS_PORTS.cluster}`,
            ),
            ...tls,
          },
        }
      : {}),
    accounts: {
      SYS: {},
      [props.account]: {
        jetstream: 'enabled',
        users: props.clients.map(({ publicKey, grants }) => ({
          nkey: publicKey,
          permissions: permissionsOf(publicKey, grants),
        })),
      },
    },
    system_account: 'SYS',
  };
  // A variable counts as one only where it stands without quotes.
  return `${JSON.stringify(config, null, 2).replaceAll(/"(\$[A-Z_]+)"/g, '$1')}\n`;
}
