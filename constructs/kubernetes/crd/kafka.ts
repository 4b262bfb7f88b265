import type { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { emit, type Override } from '../api-object.ts';
import type { CustomResourceProps } from './scaled-object.ts';

/** How clients of a listener say who they are: a certificate, or a password that never crosses the wire. */
export type KafkaAuthentication = 'tls' | 'scram-sha-512';

/** Requests and limits as Kubernetes writes them. */
type Resources = Readonly<Record<string, Readonly<Record<string, string>>>>;

interface ContainerTemplate {
  readonly securityContext: k8s.SecurityContext;
}

/** What Strimzi lets be said of the pods it makes. */
export interface KafkaPodTemplate extends Pick<k8s.PodSpec, 'affinity' | 'topologySpreadConstraints'> {
  readonly securityContext: k8s.PodSecurityContext;
  readonly terminationGracePeriodSeconds?: number;
  readonly tmpDirSizeLimit?: string;
}

/** The fields of a Strimzi Kafka that we emit. */
export interface KafkaSpec {
  readonly kafka: {
    readonly version: string;
    readonly metadataVersion: string;
    readonly rack: { readonly topologyKey: string };
    readonly listeners: readonly KafkaListener[];
    readonly authorization: { readonly type: 'simple'; readonly superUsers?: readonly string[] };
    readonly config: Readonly<Record<string, string | number | boolean>>;
    readonly metricsConfig: { readonly type: 'strimziMetricsReporter' };
    readonly template: { readonly podDisruptionBudget: { readonly maxUnavailable: 0 } };
  };
  readonly entityOperator: {
    readonly topicOperator: { readonly resources: Resources };
    readonly userOperator: { readonly resources: Resources };
    readonly template: {
      readonly pod: KafkaPodTemplate;
      readonly topicOperatorContainer: ContainerTemplate;
      readonly userOperatorContainer: ContainerTemplate;
    };
  };
  readonly kafkaExporter: {
    readonly resources: Resources;
    readonly template: { readonly pod: KafkaPodTemplate; readonly container: ContainerTemplate };
  };
}

export interface KafkaListener {
  readonly name: string;
  readonly port: number;
  readonly type: 'internal';
  readonly tls: true;
  readonly authentication: { readonly type: KafkaAuthentication };
  /** Strimzi reads an empty list as everyone. */
  readonly networkPolicyPeers: readonly {
    readonly namespaceSelector: { readonly matchLabels: Readonly<Record<string, string>> };
  }[];
}

/** The fields of a Strimzi KafkaNodePool that we emit. */
export interface KafkaNodePoolSpec {
  readonly replicas: number;
  readonly roles: readonly ['broker' | 'controller'];
  readonly storage: {
    readonly type: 'jbod';
    readonly volumes: readonly {
      readonly id: number;
      readonly type: 'persistent-claim';
      readonly class: string;
      readonly size: string;
      readonly deleteClaim: false;
      readonly kraftMetadata: 'shared';
    }[];
  };
  readonly resources: Resources;
  readonly jvmOptions: { readonly '-Xms': string; readonly '-Xmx': string };
  readonly template: {
    readonly pod: KafkaPodTemplate;
    readonly kafkaContainer: ContainerTemplate;
    readonly initContainer?: ContainerTemplate;
  };
}

const API_VERSION = 'kafka.strimzi.io/v1';

export function kafka(scope: Construct, id: string, props: CustomResourceProps<KafkaSpec>, override?: Override) {
  return emit(scope, id, { apiVersion: API_VERSION, kind: 'Kafka', ...props }, override);
}

export function kafkaNodePool(
  scope: Construct,
  id: string,
  props: CustomResourceProps<KafkaNodePoolSpec>,
  override?: Override,
) {
  return emit(scope, id, { apiVersion: API_VERSION, kind: 'KafkaNodePool', ...props }, override);
}
