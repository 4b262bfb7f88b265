import { memorystore, type types } from '@pulumi/gcp';
import { ComponentResource, type ComponentResourceOptions, interpolate, type Output } from '@pulumi/pulumi';
import { Binding } from '../binding.ts';
import { ConstructError } from '../errors.ts';
import type { EncryptionKey } from './encryption-key.ts';
import { ENVIRONMENT_LABEL, type EnvironmentKind, protectedIn } from './environment-kind.ts';
import type { GoogleProject } from './google-project.ts';
import type { Network } from './network.ts';
import type { ConditionalRole } from './workload-identity.ts';

interface CommonArgs {
  readonly project: GoogleProject;
  /** One whose `serviceClasses` have `gcp-memorystore`. */
  readonly network: Network;
  /** Encrypts what is stored; used by `memorystore`. */
  readonly key: EncryptionKey;
  readonly nodeType: 'STANDARD_SMALL' | 'HIGHMEM_MEDIUM' | 'HIGHMEM_XLARGE' | 'SHARED_CORE_NANO';
  readonly shards: number;
  /**
   * What is lost when all copies of a shard fail together: up to a second, or what was not written by a backup. Streams
   * and what nobody can compute again take `append-only`. @default 'append-only'
   */
  readonly persistence?: 'append-only' | 'none';
}

/** Production has a copy of each shard in another zone; a trial need not. */
type Copies =
  | { readonly environment: Extract<EnvironmentKind, 'production'>; readonly replicas: 1 | 2 | 3 | 4 | 5 }
  | { readonly environment: Extract<EnvironmentKind, 'trial'>; readonly replicas: 0 | 1 | 2 | 3 | 4 | 5 };

export type MemorystoreValkeyArgs = CommonArgs & Copies;

/** Valkey as Google runs it: in the network alone, encrypted on the way, open to accounts of Google and to no password. */
export class MemorystoreValkey extends ComponentResource {
  /** Of the address that tells of the shards, and of the shards themselves; all are in the subnet of the nodes. */
  static readonly ports = { discovery: 6379, shards: { from: 11_000, to: 13_047 } } as const;
  readonly nodes: { readonly instance: memorystore.Instance };
  /** Private address that tells clients where the shards are, reached over TLS with a token of their account. */
  readonly host: Binding<Output<string>>;
  readonly #name: string;

  /** @throws {ConstructError} `reference-missing` for a network in which Memorystore may make no endpoints */
  constructor(name: string, args: MemorystoreValkeyArgs, options: ComponentResourceOptions = {}) {
    super('penstock:gcp:MemorystoreValkey', name, {}, options);
    const { network, key, project } = args;
    if (network.nodes.serviceConnections['gcp-memorystore'] === undefined)
      throw new ConstructError(
        'reference-missing',
        name,
        "the network lets Memorystore make no endpoints, expected 'gcp-memorystore' among its serviceClasses",
      );
    const production = args.environment === 'production';
    const instance = new memorystore.Instance(
      name,
      {
        instanceId: name,
        project: project.id,
        location: network.region,
        engineVersion: 'VALKEY_8_0',
        mode: 'CLUSTER',
        nodeType: args.nodeType,
        shardCount: args.shards,
        replicaCount: args.replicas,
        zoneDistributionConfig: { mode: 'MULTI_ZONE' },
        authorizationMode: 'IAM_AUTH',
        transitEncryptionMode: 'SERVER_AUTHENTICATION',
        kmsKey: key.keyId,
        deletionProtectionEnabled: production,
        persistenceConfig:
          (args.persistence ?? 'append-only') === 'append-only'
            ? { mode: 'AOF', aofConfig: { appendFsync: 'EVERY_SEC' } }
            : { mode: 'DISABLED' },
        desiredAutoCreatedEndpoints: [{ projectId: project.id, network: network.networkId }],
        labels: { [ENVIRONMENT_LABEL]: args.environment },
      },
      { parent: this, ...protectedIn(args.environment), dependsOn: [network, key] },
    );
    this.nodes = { instance };
    this.host = Binding.of(instance.endpoints.apply((endpoints) => discoveryAddress(name, endpoints)));
    this.#name = name;
    this.registerOutputs({ host: this.host.lower() });
  }

  /** Connecting is a role of the project, here for this instance alone. */
  get connects(): ConditionalRole {
    return {
      id: `connects to Valkey ${this.#name}`,
      role: 'roles/memorystore.dbConnectionUser',
      condition: interpolate`resource.name == "${this.nodes.instance.id}"`,
    };
  }
}

/** Of the endpoints that Memorystore makes, the one to begin with. */
function discoveryAddress(name: string, endpoints: readonly types.output.memorystore.InstanceEndpoint[]): string {
  const address = endpoints
    .flatMap(({ connections = [] }) => connections)
    .map(({ pscAutoConnection }) => pscAutoConnection)
    .find((connection) => connection?.connectionType === 'CONNECTION_TYPE_DISCOVERY')?.ipAddress;
  if (address !== undefined) return address;
  throw new ConstructError('reference-missing', name, 'Memorystore made no endpoint by which its shards are found');
}
