import {
  Bytes,
  type BytesInput,
  Duration,
  type DurationInput,
  type ResolvedTopic,
  type Topology,
} from '@penstock/model';
import { managedkafka } from '@pulumi/gcp';
import { ComponentResource, type ComponentResourceOptions, interpolate, type Output } from '@pulumi/pulumi';
import { Binding } from '../binding.ts';
import { ConstructError } from '../errors.ts';
import type { EncryptionKey } from './encryption-key.ts';
import { ENVIRONMENT_LABEL, type EnvironmentKind, protectedIn } from './environment-kind.ts';
import type { GoogleProject } from './google-project.ts';
import type { Network } from './network.ts';
import type { ConditionalRole } from './workload-identity.ts';

/** What one account may do, in the model's terms. */
export interface KafkaAccess {
  /** Address of its account: the `email` of a `WorkloadIdentity`. */
  readonly account: Output<string>;
  /** Ids of topics it writes to. @default - none */
  readonly produces?: readonly string[];
  /** Consumers of topics it is, by the ids of both. @default - none */
  readonly consumes?: readonly { readonly topic: string; readonly consumer: string }[];
}

export interface ManagedKafkaArgs {
  readonly project: GoogleProject;
  readonly topology: Topology;
  readonly network: Network;
  /** Encrypts what is stored; used by `managed-kafka`. */
  readonly key: EncryptionKey;
  readonly environment: EnvironmentKind;
  /** Of all brokers together: 3 at least, with 1 to 8 GiB each. */
  readonly vcpus: number;
  readonly memory: BytesInput;
  /** How long a dead letter waits for a person. @default '14 days' */
  readonly deadLetterRetention?: DurationInput;
}

const COPIES = 3;

/**
 * Kafka as Google runs it: three zones, TLS and accounts of Google on its only listener. It has the topics of the topology
 * and of the dead letters of each consumer. Google acknowledges a write when two of three copies have it.
 */
export class ManagedKafka extends ComponentResource {
  /** Of its bootstrap address and of every broker, all in the subnet of the nodes. */
  static readonly port = 9092;
  readonly nodes: {
    readonly cluster: managedkafka.Cluster;
    /** By physical name. */
    readonly topics: Readonly<Record<string, managedkafka.Topic>>;
  };
  /** Where clients connect, with SASL_SSL and a token of their account. */
  readonly bootstrap: Binding<Output<string>>;
  readonly #args: ManagedKafkaArgs;
  readonly #name: string;

  /** @throws {ConstructError} `resources-too-small` for what Google makes no cluster of */
  constructor(name: string, args: ManagedKafkaArgs, options: ComponentResourceOptions = {}) {
    super('penstock:gcp:ManagedKafka', name, {}, options);
    const { project, topology, network, key, vcpus } = args;
    const memory = Bytes.is(args.memory) ? args.memory : Bytes.parse(args.memory);
    const gib = memory.bytes / 2 ** 30;
    if (!(vcpus >= COPIES && gib >= vcpus && gib <= vcpus * 8))
      throw new ConstructError(
        'resources-too-small',
        name,
        `received ${vcpus} vCPUs and ${memory}, expected 3 or more, with 1 to 8 GiB each`,
      );
    const written = args.deadLetterRetention ?? '14 days';
    const deadLetters = Duration.is(written) ? written : Duration.parse(written);
    const cluster = new managedkafka.Cluster(
      name,
      {
        clusterId: name,
        project: project.id,
        location: network.region,
        capacityConfig: { vcpuCount: String(vcpus), memoryBytes: String(memory.bytes) },
        gcpConfig: { accessConfig: { networkConfigs: [{ subnet: network.subnetId }] }, kmsKey: key.keyId },
        rebalanceConfig: { mode: 'AUTO_REBALANCE_ON_SCALE_UP' },
        labels: { [ENVIRONMENT_LABEL]: args.environment },
      },
      { parent: this, ...protectedIn(args.environment), dependsOn: [network, key] },
    );
    const topic = ({ partitions }: ResolvedTopic, topicId: string, retention: Duration): managedkafka.Topic =>
      new managedkafka.Topic(
        `${name}-${topicId}`,
        {
          cluster: cluster.clusterId,
          project: project.id,
          location: network.region,
          topicId,
          partitionCount: partitions,
          replicationFactor: COPIES,
          configs: { 'cleanup.policy': 'delete', 'retention.ms': String(retention.toMilliseconds('up')) },
        },
        { parent: this, ...protectedIn(args.environment) },
      );
    const topics = Object.values<ResolvedTopic>(topology.topics).flatMap((each) => [
      [each.name, topic(each, each.name, each.retention)] as const,
      // Dead letters get as many partitions: a record keeps the number of the one it came from.
      ...each.consumers.map(
        ({ deadLetterTopic }) => [deadLetterTopic, topic(each, deadLetterTopic, deadLetters)] as const,
      ),
    ]);
    this.nodes = { cluster, topics: Object.fromEntries(topics) };
    this.bootstrap = Binding.of(
      interpolate`bootstrap.${cluster.clusterId}.${network.region}.managedkafka.${project.id}.cloud.goog:${ManagedKafka.port}`,
    );
    this.#args = args;
    this.#name = name;
    this.registerOutputs({ bootstrap: this.bootstrap.lower() });
  }

  /** Connecting is a role of the project, here for this cluster alone; what is behind it is for the ACLs. */
  get connects(): ConditionalRole {
    const { project, network } = this.#args;
    return {
      id: `connects to Kafka ${this.#name}`,
      role: 'roles/managedkafka.client',
      condition: interpolate`resource.name.startsWith("projects/${project.id}/locations/${network.region}/clusters/${this.nodes.cluster.clusterId}")`,
    };
  }

  /**
   * Makes the ACLs, all at once: each stands for one resource with everybody it lets in. A topic without one is open to
   * whoever connects, so that every topic has to be somebody's.
   *
   * @throws {ConstructError} `reference-missing` for what the topology does not have
   * @throws {ConstructError} `access-too-wide` for a topic that nobody was granted
   */
  grant(accesses: readonly KafkaAccess[]): Readonly<Record<string, managedkafka.Acl>> {
    const { topology, project, network } = this.#args;
    const allowed = new Map<string, { readonly account: Output<string>; readonly operation: string }[]>();
    const allow = (resource: string, account: Output<string>, ...operations: readonly string[]): void => {
      const entries = allowed.get(resource) ?? [];
      allowed.set(resource, entries);
      for (const operation of operations)
        if (!entries.some((each) => each.account === account && each.operation === operation))
          entries.push({ account, operation });
    };
    for (const { account, produces = [], consumes = [] } of accesses) {
      for (const id of produces) allow(`topic/${topicOf(topology, id).name}`, account, 'WRITE', 'DESCRIBE');
      for (const { topic: id, consumer: consumerId } of consumes) {
        const topic = topicOf(topology, id);
        const consumer = topic.consumers.find((each) => each.id === consumerId);
        if (consumer === undefined) throw missing(`topics.${id}.consumers.${consumerId}`);
        allow(`topic/${topic.name}`, account, 'READ', 'DESCRIBE');
        allow(`topic/${consumer.deadLetterTopic}`, account, 'WRITE', 'DESCRIBE');
        allow(`consumerGroup/${consumer.group}`, account, 'READ', 'DESCRIBE');
      }
    }
    const open = Object.keys(this.nodes.topics).filter((topic) => !allowed.has(`topic/${topic}`));
    if (open.length > 0)
      throw new ConstructError(
        'access-too-wide',
        this.#name,
        `whoever connects could read ${open.join(', ')}: grant each`,
      );
    return Object.fromEntries(
      [...allowed].map(([aclId, entries]) => [
        aclId,
        new managedkafka.Acl(
          `${this.#name}-${aclId.replaceAll('/', '-')}`,
          {
            cluster: this.nodes.cluster.clusterId,
            project: project.id,
            location: network.region,
            aclId,
            aclEntries: entries.map(({ account, operation }) => ({
              principal: interpolate`User:${account}`,
              operation,
              permissionType: 'ALLOW',
              // The service takes no other.
              host: '*',
            })),
          },
          { parent: this, dependsOn: Object.values(this.nodes.topics) },
        ),
      ]),
    );
  }
}

const missing = (path: string): ConstructError =>
  new ConstructError('reference-missing', path, 'the topology has none of that name');

function topicOf(topology: Topology, id: string): ResolvedTopic {
  const topic = Object.hasOwn(topology.topics, id) ? topology.topics[id] : undefined;
  if (topic === undefined) throw missing(`topics.${id}`);
  return topic;
}
