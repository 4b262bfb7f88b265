import type { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { ConstructError } from '../errors.ts';
import { suppressionOf } from '../suppression.ts';
import type { Override } from './api-object.ts';
import { type KafkaAuthentication, type KafkaListener, kafka, kafkaNodePool } from './crd/kafka.ts';
import { DURABILITY_ANNOTATION, kafkaConfig } from './kafka-config.ts';
import { entityOperator, type KafkaNodeSize, kafkaExporter, kafkaPool } from './kafka-pods.ts';
import { KafkaService } from './kafka-service.ts';
import { NAMESPACE_NAME_LABEL } from './labels.ts';
import { ZONE } from './placement.ts';

/** One broker has one disk, and fewer than three cannot lose one: nothing on them is durable. */
export type KafkaSize =
  | { readonly brokers: number; readonly controllers: 3 | 5; readonly durability: 'fsync' | 'replicated' }
  | { readonly brokers: 1; readonly controllers: 1; readonly durability: 'best-effort' };

interface CommonProps<Authentication extends KafkaAuthentication> {
  /** @default 'kafka' */
  readonly name?: string;
  /** Has to be there. Topics and users of the cluster lie in it too, and so do the secrets of the users. */
  readonly namespace: string;
  /** How every client says who it is. */
  readonly authentication: Authentication;
  readonly nodes: { readonly broker: KafkaNodeSize; readonly controller: KafkaNodeSize };
  /** Who connects. At least one: Strimzi reads an empty list as everyone. */
  readonly clientNamespaces: readonly [string, ...string[]];
  /** Names of users that no ACL holds back. @default - none */
  readonly superUsers?: readonly string[];
  /** Of Kafka, and of the format of its metadata, which has no way back. @default - the newest that Strimzi 1.2 knows */
  readonly version?: { readonly kafka: string; readonly metadata: string };
  readonly overrides?: Readonly<Partial<Record<keyof KafkaClusterNodes, Override>>>;
}

export type KafkaClusterProps<Authentication extends KafkaAuthentication = KafkaAuthentication> =
  CommonProps<Authentication> & KafkaSize;

export interface KafkaClusterNodes {
  readonly kafka: ApiObject;
  readonly controllers: ApiObject;
  readonly brokers: ApiObject;
}

const VERSION = { kafka: '4.3.1', metadata: '4.3-IV0' };
const FEWEST_BROKERS = 3;

/**
 * A Kafka cluster by Strimzi: controllers and brokers on nodes of their own, spread over the zones, one encrypted
 * listener on which everyone has to say who they are. Strimzi makes its network policies, from `clientNamespaces` those
 * of the listener. Its pods call the API server and each other, so their namespace must not hold that back; its budget
 * lets nobody but Strimzi's Drain Cleaner move them, since a broker that is ready again is not yet in sync again.
 */
export class KafkaCluster<Authentication extends KafkaAuthentication = KafkaAuthentication> extends Construct {
  readonly nodes: KafkaClusterNodes;
  /** How the rest of the platform knows it. */
  readonly service: KafkaService<Authentication>;

  /** @throws {ConstructError} `durability-unavailable` when fewer than three brokers are asked to keep what they have acknowledged */
  constructor(scope: Construct, id: string, props: KafkaClusterProps<Authentication>) {
    super(scope, id);
    const name = props.name ?? 'kafka';
    const { namespace, authentication, brokers, controllers, durability, overrides } = props;
    if (brokers < FEWEST_BROKERS && durability !== 'best-effort') {
      throw new ConstructError(
        'durability-unavailable',
        `Kafka cluster ${name}`,
        `received ${durability} on ${brokers} brokers, expected ${FEWEST_BROKERS} or more, or durability 'best-effort' on 1`,
      );
    }
    this.service = new KafkaService({ name, namespace, authentication, brokers, controllers });
    const labels = {
      'app.kubernetes.io/name': 'kafka',
      'app.kubernetes.io/instance': name,
      'app.kubernetes.io/component': 'broker',
      'app.kubernetes.io/managed-by': 'penstock',
    };
    const version = props.version ?? VERSION;
    const pool = (role: 'broker' | 'controller', replicas: number, override: Override | undefined): ApiObject => {
      // A pool is named in the whole namespace, its pods after cluster and pool.
      const poolName = `${name}-${role}`;
      const podLabels = { ...this.service.labels, 'strimzi.io/pool-name': poolName };
      const metadata = {
        name: poolName,
        namespace,
        labels: { ...labels, ...this.service.labels },
        ...(durability === 'best-effort' ? { annotations: LONE_NODE } : {}),
      };
      const spec = kafkaPool({ role, replicas, size: props.nodes[role], labels: podLabels });
      return kafkaNodePool(this, role, { metadata, spec }, override);
    };
    this.nodes = {
      controllers: pool('controller', controllers, overrides?.controllers),
      brokers: pool('broker', brokers, overrides?.brokers),
      kafka: kafka(
        this,
        'kafka',
        {
          metadata: {
            name,
            namespace,
            labels,
            annotations: { [DURABILITY_ANNOTATION]: durability, ...(durability === 'best-effort' ? LONE_BROKER : {}) },
          },
          spec: {
            kafka: {
              version: version.kafka,
              metadataVersion: version.metadata,
              rack: { topologyKey: ZONE },
              listeners: [listener(authentication, props.clientNamespaces)],
              authorization: { type: 'simple', ...superUsers(props) },
              config: kafkaConfig(this.service, durability),
              metricsConfig: { type: 'strimziMetricsReporter' },
              // One budget for all nodes: two brokers that leave one after the other may both be of one partition.
              template: { podDisruptionBudget: { maxUnavailable: 0 } },
            },
            entityOperator: entityOperator(),
            kafkaExporter: kafkaExporter(),
          },
        },
        overrides?.kafka,
      ),
    };
  }
}

const BEST_EFFORT = 'best-effort: one broker keeps one copy, and what is on it may be lost';

/** The rules that one broker breaks by its nature. */
const LONE_BROKER = {
  [suppressionOf('kafka-quorum')]: BEST_EFFORT,
  [suppressionOf('kafka-replication')]: BEST_EFFORT,
};
const LONE_NODE = { [suppressionOf('kafka-spread')]: 'best-effort: one node has nothing to be kept apart from' };

const listener = (type: KafkaAuthentication, clientNamespaces: readonly string[]): KafkaListener => ({
  name: 'tls',
  port: KafkaService.port,
  type: 'internal',
  tls: true,
  authentication: { type },
  networkPolicyPeers: clientNamespaces.map((namespace) => ({
    namespaceSelector: { matchLabels: { [NAMESPACE_NAME_LABEL]: namespace } },
  })),
});

/** As Kafka knows them: who comes with a certificate is named by its subject. */
const superUsers = ({ authentication, superUsers: names = [] }: KafkaClusterProps) =>
  names.length === 0 ? {} : { superUsers: names.map((name) => (authentication === 'tls' ? `CN=${name}` : name)) };
