import type { BytesText, DurationText } from '@penstock/model';
import type { CloudSqlPostgresArgs } from '../../constructs/gcp/cloud-sql-postgres.ts';
import type { ControlPlaneAccess } from '../../constructs/gcp/control-plane-access.ts';
import type { EnvironmentKind } from '../../constructs/gcp/environment-kind.ts';
import type { SystemNodes } from '../../constructs/gcp/gke-cluster.ts';
import type { GoogleProject } from '../../constructs/gcp/google-project.ts';
import type { MaintenanceWindow } from '../../constructs/gcp/maintenance-window.ts';
import type { MemorystoreValkeyArgs } from '../../constructs/gcp/memorystore-valkey.ts';
import type { NetworkArgs } from '../../constructs/gcp/network.ts';
import type { FeatureDistances, VertexMonitoringArgs } from '../../constructs/gcp/vertex-monitoring.ts';
import type { GcpWorkloads } from '../environments/gcp.ts';

/** What is so in one project of Google Cloud and cannot follow from the declaration. */
export interface GcpEnvironment {
  readonly project: GoogleProject;
  readonly region: string;
  readonly environment: EnvironmentKind;
  readonly zones: readonly [string, string, ...string[]];
  readonly ranges: NetworkArgs['ranges'];
  readonly access: ControlPlaneAccess;
  readonly systemNodes: SystemNodes;
  readonly maintenance: MaintenanceWindow;
  /** What runs in the cluster. */
  readonly workloads: GcpWorkloads;
  /** Whole name of the stack that keeps images and weights, e.g. `organization/penstock/artifacts`. */
  readonly artifacts: string;
  readonly data: DataEnvironment;
  /** How machines with GPUs are bought, by their names. @default - by the hour, in every zone of the cluster */
  readonly pools: Readonly<Record<string, PoolForm>>;
  /** Engines that Vertex AI serves instead of the cluster, by their ids. */
  readonly vertex: Readonly<Record<string, VertexForm>>;
  /** Who is told: addresses, or channels by their full names. */
  readonly alerts: { readonly pages: readonly string[]; readonly tickets: readonly string[] };
  readonly budget: { readonly billingAccount: string; readonly monthly: number; readonly currency: string };
}

/** How the machines of one type are bought, and where. */
export type PoolForm = { readonly zones: readonly [string, ...string[]] } & (
  | { readonly type: 'on-demand' | 'spot' | 'queued' }
  | { readonly type: 'flex-start'; readonly runsFor?: DurationText }
  | { readonly type: 'reserved'; readonly reservation: string }
);

/** What of an engine on Vertex AI does not follow from its declaration. */
export interface VertexForm {
  readonly machine: string;
  readonly image: string;
  readonly predictRoute: string;
  readonly healthRoute: string;
  /** Replicas that are kept when there is little to do. @default - as many as carry the peak */
  readonly atLeast?: number;
  /** Of a server that is asked with instances of features. @default - its requests are not compared */
  readonly monitoring?: MonitoringForm;
}

/** What of the requests is compared, how often, and of how many; who hears of it are those of `alerts.tickets`. */
export interface MonitoringForm extends Pick<VertexMonitoringArgs, 'every' | 'sampled' | 'kept'> {
  readonly drift: FeatureDistances;
}

/** Back ends that Google runs, each with the workloads that use it, by their ids. */
export interface DataEnvironment {
  /** For the topics of the declaration; none is made for one without. @default - brokers run in the cluster */
  readonly kafka?: {
    readonly vcpus: number;
    readonly memory: BytesText;
    readonly users: Readonly<Record<string, KafkaUser>>;
  };
  readonly database?: Pick<CloudSqlPostgresArgs, 'tier' | 'diskGib' | 'databases' | 'outbox'> & DataUsers;
  readonly cache?: Pick<MemorystoreValkeyArgs, 'nodeType' | 'shards' | 'persistence'> & {
    /** Copies of each shard; production has one at least. */
    readonly replicas: 0 | 1 | 2 | 3 | 4 | 5;
  } & DataUsers;
}

export interface DataUsers {
  readonly users: Readonly<Record<string, DataUser>>;
}

export interface DataUser {
  /** In which its process finds the address. */
  readonly variable: string;
}

export interface KafkaUser extends DataUser {
  /** Ids of topics. */
  readonly produces: readonly string[];
  /** The consumer that it is, by the id of the topic. */
  readonly consumes: Readonly<Record<string, string>>;
}
