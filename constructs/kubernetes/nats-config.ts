import { Bytes } from '@penstock/model';
import { type NatsClient, permissionsOf } from './nats-permissions.ts';

/** What an acknowledged write survives. `fsync`: power loss of any servers; `replicated`: the loss of one at a time; `best-effort`: neither. */
export type NatsDurability = 'fsync' | 'replicated' | 'best-effort';

export interface NatsConfigProps {
  readonly name: string;
  readonly servers: number;
  readonly durability: NatsDurability;
  /** Of each server's volume. */
  readonly storage: Bytes;
  readonly account: string;
  readonly clients: readonly NatsClient[];
  /** Whether clients and the other servers come by TLS, servers by a certificate of their own. */
  readonly encrypted: boolean;
}

/** Environment variables of a server, which its configuration refers to. */
export const NATS_VARIABLES = { serverName: 'SERVER_NAME', zoneTag: 'ZONE_TAG' } as const;

export const NATS_PORTS = { client: 4222, cluster: 6222, monitor: 8222 } as const;
export const EXPORTER_PORT = 7777;
export const NATS_DATA = '/data';
export const NATS_PID_FILE = '/var/run/nats/nats.pid';
export const NATS_CONFIG_FILE = '/etc/nats/nats.conf';

const TLS_FOLDER = '/etc/nats-tls';
/** As cert-manager names what it writes to a Secret. */
export const NATS_TLS = {
  folder: TLS_FOLDER,
  certificate: `${TLS_FOLDER}/tls.crt`,
  key: `${TLS_FOLDER}/tls.key`,
  authority: `${TLS_FOLDER}/ca.crt`,
} as const;

/** When the server writes to the disk what it has acknowledged; its own default is two minutes. */
const SYNC_INTERVAL: Readonly<Record<NatsDurability, string>> = {
  fsync: 'always',
  replicated: '10s',
  'best-effort': '2m',
};
/** The file system's own share, and room for a compaction. */
const STORE_SHARE = 0.9;

/** What all streams together may take of a server's volume. */
export const storeOf = (volume: Bytes): Bytes => Bytes.of(Math.floor(volume.bytes * STORE_SHARE));

/** Where a server finds another one, by the number of its pod. */
export const hostOf = (name: string, server: number): string => `${name}-${server}.${name}-headless`;

/** The configuration of every server of a cluster, as text. */
export function natsConfig(props: NatsConfigProps): string {
  const { name, servers } = props;
  const tls = props.encrypted
    ? { tls: { cert_file: NATS_TLS.certificate, key_file: NATS_TLS.key, ca_file: NATS_TLS.authority } }
    : {};
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
      max_file_store: storeOf(props.storage).bytes,
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
            routes: Array.from({ length: servers }, (_, n) => `nats://${hostOf(name, n)}:${NATS_PORTS.cluster}`),
            ...tls,
          },
        }
      : {}),
    accounts: {
      SYS: {},
      [props.account]: {
        jetstream: 'enabled',
        users: props.clients.map((client) => ({
          nkey: client.publicKey,
          permissions: permissionsOf(client, props.clients),
        })),
      },
    },
    system_account: 'SYS',
  };
  // A variable counts as one only where it stands without quotes.
  return `${JSON.stringify(config, null, 2).replaceAll(/"(\$[A-Z_]+)"/g, '$1')}\n`;
}
