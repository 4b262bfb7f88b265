import type { AwsGpuMachine, AwsOnDemandMachine } from '@penstock/model';
import type { AddonName } from '../../charts/addons.ts';
import type { AuroraPostgresProps } from '../../constructs/aws/aurora-postgres.ts';
import type { BedrockModel, GuardrailProps } from '../../constructs/aws/bedrock-access.ts';
import type { EksEndpoint } from '../../constructs/aws/eks-cluster.ts';
import type { ManagedGrafanaProps } from '../../constructs/aws/managed-grafana.ts';
import type { MskKind } from '../../constructs/aws/msk-kind.ts';
import type { Egress } from '../../constructs/aws/network.ts';
import type { RabbitMqBrokerProps } from '../../constructs/aws/rabbitmq-broker.ts';
import type { SageMakerServing } from '../../constructs/aws/sagemaker-endpoint.ts';
import type { SageMakerMachine } from '../../constructs/aws/sagemaker-machine.ts';
import type { SystemNodes } from '../../constructs/aws/system-node-group.ts';
import type { TraceSearchProps } from '../../constructs/aws/trace-search.ts';
import type { ValkeyCacheProps } from '../../constructs/aws/valkey-cache.ts';
import type { KubernetesEnvironment, TracesEnvironment } from './kubernetes-environment.ts';

/** What is so in one account and region of AWS and cannot follow from the declaration. */
export interface AwsEnvironment {
  readonly name: string;
  readonly region: string;
  /** @default - that of whoever deploys */
  readonly account?: string;
  readonly network: {
    readonly cidr: `${number}.${number}.0.0/16`;
    /** By name: not every zone has every GPU. */
    readonly zones: readonly [string, string, string];
    readonly egress: Egress;
  };
  /** Back ends that Amazon runs. @default - none: brokers run in the cluster */
  readonly data?: DataEnvironment;
  readonly cluster: ClusterEnvironment;
  /** Engines of the declaration that Amazon serves, by their id. @default - none: all of them run in the cluster */
  readonly serving?: Readonly<Record<string, EngineServing>>;
  readonly workloads: WorkloadsEnvironment;
  /** Who watches, and who is told. @default - nobody */
  readonly observability?: ObservabilityEnvironment;
  /** Machines with GPUs that its pools buy: what has to be in the quotas, and by the hour on the bill. */
  readonly gpuMachines: readonly AwsOnDemandMachine[];
  readonly budget: { readonly monthlyUsd: number; readonly emails: readonly [string, ...string[]] };
}

export interface DataEnvironment {
  /** For the topics of the declaration; none is made for one without. */
  readonly kafka?: MskKind;
  readonly database?: Pick<
    AuroraPostgresProps,
    'database' | 'capacity' | 'readers' | 'logicalReplication' | 'backupDays'
  >;
  readonly cache?: Pick<ValkeyCacheProps, 'kind' | 'users' | 'snapshotDays'>;
  readonly rabbitMq?: Pick<RabbitMqBrokerProps, 'version' | 'instance' | 'consumerTimeout'>;
}

/** Who serves an engine instead of the cluster. */
export type EngineServing =
  | {
      readonly by: 'sagemaker';
      readonly machine: SageMakerMachine;
      readonly serving: SageMakerServing;
      /** Of the image of its service, in the registry of the account: it has to keep the contract of SageMaker. */
      readonly digest: `sha256:${string}`;
      /** What the container is told, beside what SageMaker tells it. @default - nothing */
      readonly variables?: Readonly<Record<string, string>>;
    }
  | {
      readonly by: 'bedrock';
      readonly model: BedrockModel;
      /** @default - what the model refuses by itself */
      readonly guardrail?: Omit<GuardrailProps, 'name' | 'key'>;
    };

/** Metrics, alarms, dashboards and traces, as Amazon keeps them. */
export interface ObservabilityEnvironment {
  /** Who is told by mail, by how soon somebody has to look. */
  readonly emails: {
    readonly page: readonly [string, ...string[]];
    readonly ticket: readonly [string, ...string[]];
  };
  /** How long samples are kept. @default 150 */
  readonly retentionDays?: number;
  /** Billed by whoever looks. @default - none: dashboards of CloudWatch alone */
  readonly grafana?: Pick<ManagedGrafanaProps, 'prefixLists' | 'version'>;
  /**
   * Share of the traces that are found by their summary; X-Ray is set up once for all that is in an account and region,
   * so that one environment says it for all. @default - another stack does, or nobody sends spans
   */
  readonly traces?: Pick<TraceSearchProps, 'indexedPercentage'>;
}

/** Who brings the machines of a cluster, and who may do everything in it. */
export interface ClusterEnvironment {
  readonly compute:
    | {
        readonly mode: 'nodes';
        readonly version: '1.36';
        /** @default - three of m7i.large with Bottlerocket */
        readonly system?: SystemNodes;
        readonly gpus: GpuCapacityForm;
      }
    | {
        readonly mode: 'auto';
        readonly version: '1.36';
        /** Processors that all machines without GPUs may have together. */
        readonly maxCpus: number;
      };
  /** Names of roles in the account of the environment. */
  readonly adminRoles: readonly [string, ...string[]];
  /** @default - from inside of the network only */
  readonly endpoint?: EksEndpoint;
  /** Machines that are not bought by the hour, by their type. @default - all are */
  readonly reservations?: Readonly<Partial<Record<AwsGpuMachine, GpuReservation>>>;
  /**
   * Zones that sell a machine by the hour, as `aws ec2 describe-instance-type-offerings --location-type availability-zone`
   * lists them: it is bought in no others. @default - whoever buys tries every zone of the network
   */
  readonly offerings?: Readonly<Partial<Record<AwsGpuMachine, readonly [string, ...string[]]>>>;
}

/** Who buys machines with GPUs: groups that Cluster Autoscaler grows, or Karpenter by one build of the node image. */
export type GpuCapacityForm =
  | { readonly by: 'node-groups' }
  | { readonly by: 'karpenter'; readonly image: `bottlerocket@v${number}.${number}.${number}` };

export interface GpuReservation {
  readonly type: 'reservation' | 'capacity-block';
  readonly id: `cr-${string}`;
  readonly zone: string;
}

/**
 * What runs in the cluster. Images and weights lie in the registry of the account and region: also those of `nats.cluster`,
 * which are copied there under the names that they have here.
 */
export interface WorkloadsEnvironment
  extends Omit<KubernetesEnvironment, 'name' | 'images' | 'weights' | 'secrets' | 'traces'> {
  /** Traces go to X-Ray, whose Transaction Search some environment of the account and region turns on. @default - nobody traces */
  readonly traces?: Pick<TracesEnvironment, 'image' | 'kept'>;
  /** Tag of each service's image, by the name it declares. */
  readonly versions: Readonly<Record<string, string>>;
  /** Key, in the store of secrets, of what the authority of the platform's own servers signs by. @default - its issuer is there already */
  readonly authorityKey?: string;
  /** Add-ons that somebody else brings into the cluster. @default - none: all that are needed are installed */
  readonly present?: readonly AddonName[];
  /** Where a workload finds what Amazon runs: name of its variable to what is published. By the worker's id. @default - nowhere */
  readonly finds?: Readonly<Record<string, Readonly<Record<string, PublishedAddress>>>>;
  /** Secrets that AWS makes, which a workload reads as files: name of the file to what is in it. By its id. @default - none */
  readonly reads?: Readonly<Record<string, Readonly<Record<string, PublishedSecret>>>>;
  /** Who a workload is to stores that know it by a signature of IAM, without a password. By its id. @default - nobody */
  readonly users?: Readonly<Record<string, WorkloadUser>>;
  /**
   * Engines of `serving` that a workload asks by itself, with calls that it signs: by its id. It finds what to name in a
   * call in variables such as `PENSTOCK_ENDPOINT_CHAT`. @default - nobody asks them
   */
  readonly invokes?: Readonly<Record<string, readonly string[]>>;
}

/** Of a first user, whose password AWS makes: whoever makes the other users reads it, and of RabbitMQ whoever connects. */
export type PublishedSecret = `${'database' | 'rabbitmq'}-${'username' | 'password'}`;

export interface WorkloadUser {
  /** User of the cache, by its name in `data.cache.users`. */
  readonly cache?: string;
  /** User of PostgreSQL that was granted `rds_iam`. */
  readonly database?: string;
}

/** What the stack of data publishes. */
export type PublishedAddress = 'kafka' | 'database' | 'database-readers' | 'cache' | 'rabbitmq';
