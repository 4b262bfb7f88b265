import type { Topology } from '@penstock/model';
import type { ComponentResourceOptions, Output } from '@pulumi/pulumi';
import type { Binding } from '../../constructs/binding.ts';
import { CloudSqlPostgres } from '../../constructs/gcp/cloud-sql-postgres.ts';
import { ManagedKafka } from '../../constructs/gcp/managed-kafka.ts';
import { MemorystoreValkey, type MemorystoreValkeyArgs } from '../../constructs/gcp/memorystore-valkey.ts';
import type { Network } from '../../constructs/gcp/network.ts';
import type { ConditionalRole, WorkloadIdentity } from '../../constructs/gcp/workload-identity.ts';
import { type Flow, tcp } from '../../constructs/kubernetes/index.ts';
import type { DataUser, GcpEnvironment } from './environment.ts';
import { platformKey } from './foundation.ts';

/** One service with its users, whichever it is. */
interface Service {
  readonly address: Binding<Output<string>>;
  readonly role: ConditionalRole;
  readonly users: Readonly<Record<string, DataUser>>;
  /** Where its addresses lie, and on which ports it listens there. */
  readonly range: 'nodes' | 'managedServices';
  readonly ports: Flow['ports'];
}

const { discovery, shards } = MemorystoreValkey.ports;
const VALKEY_PORTS: Flow['ports'] = [tcp(discovery), { ...tcp(shards.from), endPort: shards.to }];

/** The back ends that Google runs for a platform, as its environment chooses. */
export class DataServices {
  readonly kafka: ManagedKafka | undefined;
  readonly database: CloudSqlPostgres | undefined;
  readonly cache: MemorystoreValkey | undefined;
  readonly #services: Readonly<Record<string, Service>>;
  readonly #environment: GcpEnvironment;

  constructor(topology: Topology, environment: GcpEnvironment, network: Network, options: ComponentResourceOptions) {
    const { project, environment: kind, data } = environment;
    const { name } = topology;
    const placed = (what: string, agent: 'managed-kafka' | 'cloud-sql' | 'memorystore') => ({
      project,
      network,
      key: platformKey(topology, environment, what, agent, options),
    });
    const services: Record<string, Service> = {};
    if (data.kafka !== undefined && Object.keys(topology.topics).length > 0) {
      const { vcpus, memory, users } = data.kafka;
      const args = { ...placed('kafka', 'managed-kafka'), topology, environment: kind, vcpus, memory };
      this.kafka = new ManagedKafka(name, args, options);
      services['kafka'] = {
        address: this.kafka.bootstrap,
        role: this.kafka.connects,
        users,
        range: 'nodes',
        ports: [tcp(ManagedKafka.port)],
      };
    }
    if (data.database !== undefined) {
      const { users, ...size } = data.database;
      this.database = new CloudSqlPostgres(
        name,
        { ...placed('database', 'cloud-sql'), ...size, environment: kind },
        options,
      );
      services['database'] = {
        address: this.database.host,
        role: this.database.logsIn,
        users,
        range: 'managedServices',
        ports: [tcp(CloudSqlPostgres.port)],
      };
    }
    if (data.cache !== undefined) {
      const { users, ...size } = data.cache;
      // The reader of the configuration has seen to it that production has replicas.
      const args = { ...placed('cache', 'memorystore'), ...size, environment: kind } as MemorystoreValkeyArgs;
      this.cache = new MemorystoreValkey(name, args, options);
      services['cache'] = {
        address: this.cache.host,
        role: this.cache.connects,
        users,
        range: 'nodes',
        ports: VALKEY_PORTS,
      };
    }
    this.#services = services;
    this.#environment = environment;
  }

  /** Under the names by which every cloud hands them out. */
  get addresses(): Readonly<Record<string, Binding<Output<string>>>> {
    return Object.fromEntries(Object.entries(this.#services).map(([name, { address }]) => [name, address]));
  }

  /** Ids of the workloads that use one of them. */
  get users(): ReadonlySet<string> {
    return new Set(Object.values(this.#services).flatMap(({ users }) => Object.keys(users)));
  }

  rolesOf(workload: string): readonly ConditionalRole[] {
    return this.#usedBy(workload).map(({ role }) => role);
  }

  /** The addresses that a workload is told, by the variables it finds them in. */
  variablesOf(workload: string): Readonly<Record<string, Binding<Output<string>>>> {
    return Object.fromEntries(
      this.#usedBy(workload).map(({ address, users }) => [users[workload]?.variable as string, address]),
    );
  }

  /** What a workload has to be let through to. */
  flowsOf(workload: string, ranges: GcpEnvironment['ranges']): readonly Flow[] {
    return this.#usedBy(workload).map(({ range, ports }) => ({ peer: { cidr: ranges[range] }, ports }));
  }

  /**
   * Lets each user in, by the account it has.
   *
   * @throws {ConstructError} `reference-missing`, `access-too-wide` as `ManagedKafka.grant` does
   */
  admit(identities: Readonly<Record<string, WorkloadIdentity>>): void {
    const { kafka: settings, database } = this.#environment.data;
    const accountsOf = (users: Readonly<Record<string, DataUser>>) =>
      Object.keys(users).map((id) => [id, identities[id] as WorkloadIdentity] as const);
    for (const [id, identity] of accountsOf(this.database === undefined ? {} : (database?.users ?? {})))
      this.database?.user(id, identity);
    if (settings !== undefined)
      this.kafka?.grant(
        accountsOf(settings.users).map(([id, { email }]) => ({
          account: email,
          produces: settings.users[id]?.produces ?? [],
          consumes: Object.entries(settings.users[id]?.consumes ?? {}).map(([topic, consumer]) => ({
            topic,
            consumer,
          })),
        })),
      );
  }

  #usedBy(workload: string): readonly Service[] {
    return Object.values(this.#services).filter(({ users }) => Object.hasOwn(users, workload));
  }
}
