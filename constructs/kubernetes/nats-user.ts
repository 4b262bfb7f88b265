import type { Topology } from '@penstock/model';
import { Construct } from 'constructs';
import type { Binding } from '../binding.ts';
import type { SecretReference } from '../secret-reference.ts';
import type { Override } from './api-object.ts';
import type { NatsService } from './nats-service.ts';
import { SyncedSecret, type SyncedSecretProps } from './synced-secret.ts';

/** Where those who connect to a NATS cluster have it from who they are. */
export interface NatsAccess {
  readonly store: SyncedSecretProps['store'];
  /** Certificate of the authority that signed the servers'. */
  readonly authority: SecretReference;
  /** Seed of the operator that makes streams and consumers. */
  readonly operator: SecretReference;
  /** Seed of a workload by its id. @throws {ConstructError} when it has none */
  readonly seedOf: (workload: string) => SecretReference;
}

export interface NatsUserProps {
  readonly topology: Topology;
  /** Name of the Secret that comes to be, with the platform's name in front. */
  readonly name: string;
  readonly nats: NatsService;
  readonly access: NatsAccess;
  readonly seed: SecretReference;
  readonly overrides?: { readonly externalSecret?: Override };
}

const SEED = 'seed';
const AUTHORITY = 'ca.crt';
const FOLDER = '/var/run/secrets/penstock/nats';

/** Who a client is on NATS: its seed, and by whom it knows the servers, as files. What it may do, the servers know. */
export class NatsUser extends Construct {
  /** Keys of the Secret. */
  static readonly files = { seed: SEED, authority: AUTHORITY } as const;

  readonly secret: SyncedSecret;
  /** Where a pod connects that mounts the secret. */
  readonly address: Binding<string>;

  constructor(scope: Construct, id: string, { topology, name, nats, access, seed, overrides }: NatsUserProps) {
    super(scope, id);
    this.secret = new SyncedSecret(this, 'secret', {
      topology,
      name,
      store: access.store,
      files: { [SEED]: seed, [AUTHORITY]: access.authority },
      path: FOLDER,
      ...(overrides === undefined ? {} : { overrides }),
    });
    this.address = nats.clientUrlWith({ seed: `${FOLDER}/${SEED}`, authority: `${FOLDER}/${AUTHORITY}` });
  }
}
