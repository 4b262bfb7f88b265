import { container } from '@pulumi/gcp';
import { ComponentResource, type ComponentResourceOptions, type Output, type Resource } from '@pulumi/pulumi';
import { type ControlPlaneAccess, controlPlaneAccess } from './control-plane-access.ts';
import type { EncryptionKey } from './encryption-key.ts';
import { ENVIRONMENT_LABEL, type EnvironmentKind } from './environment-kind.ts';
import type { GoogleProject } from './google-project.ts';
import { type MaintenanceWindow, recurringWindow } from './maintenance-window.ts';
import { type Network, POD_RANGE, SERVICE_RANGE } from './network.ts';
import type { NodeAccount } from './node-account.ts';
import { type NodeAutoProvisioning, nodeAutoProvisioning } from './node-auto-provisioning.ts';
import { hardenedNode, type NodeIdentity } from './node-config.ts';
import type { PoolHost } from './pool-host.ts';

/** What production does not choose and a trial may. */
type Purpose =
  | {
      readonly environment: Extract<EnvironmentKind, 'production'>;
      readonly channel: 'REGULAR' | 'STABLE' | 'EXTENDED';
      readonly deletionProtection?: never;
    }
  | {
      readonly environment: Extract<EnvironmentKind, 'trial'>;
      readonly channel: 'RAPID' | 'REGULAR' | 'STABLE' | 'EXTENDED';
      /** @default false */
      readonly deletionProtection?: boolean;
    };

/** The nodes for what needs no GPU: the system's own pods, brokers, workers. */
export interface SystemNodes {
  /** e.g. `n4-standard-8`. */
  readonly machineType: string;
  /** Over all zones; at least one for each of them keeps the system's own pods apart. */
  readonly minNodes: number;
  readonly maxNodes: number;
  /** Network disk of a node. @default 100 */
  readonly diskGib?: number;
  /** e.g. `hyperdisk-balanced`, where the machine takes no other. @default 'pd-balanced' */
  readonly diskType?: string;
}

interface CommonArgs {
  readonly project: GoogleProject;
  readonly network: Network;
  /** Zones of the nodes; the control plane is in three of the region anyway. */
  readonly zones: readonly [string, string, ...string[]];
  readonly access: ControlPlaneAccess;
  readonly keys: {
    /** Encrypts what Kubernetes stores of secrets; used by `kubernetes-engine`. */
    readonly secrets: EncryptionKey;
    /** Encrypts the disks of nodes; used by `compute-engine`. */
    readonly disks: EncryptionKey;
  };
  readonly nodeAccount: NodeAccount;
  readonly systemNodes: SystemNodes;
  readonly maintenance: MaintenanceWindow;
  /** Pools that GKE makes by itself for pods that fit nowhere. @default - none */
  readonly autoProvisioning?: NodeAutoProvisioning;
  /** Only images that the project's policy of Binary Authorization lets through are run. @default false */
  readonly binaryAuthorization?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
}

export type GkeClusterArgs = CommonArgs & Purpose;

/** Metrics of the control plane, of what runs, and of the devices (DCGM). */
const METRICS = [
  ...['SYSTEM_COMPONENTS', 'APISERVER', 'SCHEDULER', 'CONTROLLER_MANAGER', 'STORAGE', 'HPA', 'POD', 'DAEMONSET'],
  ...['DEPLOYMENT', 'STATEFULSET', 'KUBELET', 'CADVISOR', 'DCGM', 'JOBSET'],
];

const LOGS = ['SYSTEM_COMPONENTS', 'APISERVER', 'SCHEDULER', 'CONTROLLER_MANAGER', 'WORKLOADS'];

/**
 * A regional cluster whose nodes have no public addresses and whose pods have identities of their own, with one pool for
 * whatever needs no GPU. Node pools for GPUs are added by `GpuNodePool`. Single settings are changed by `transforms` of the
 * resource options; policies are held against what comes out of them.
 */
export class GkeCluster extends ComponentResource implements PoolHost {
  readonly nodes: { readonly cluster: container.Cluster; readonly systemPool: container.NodePool };
  readonly name: Output<string>;
  /** Address of its control plane, and the authority by which that one is known. */
  readonly endpoint: Output<string>;
  readonly certificateAuthority: Output<string>;
  readonly location: string;
  /** `<project>.svc.id.goog`: the pool whose members the service accounts of Kubernetes are. */
  readonly workloadPool: string;
  /** For the pools that are added: they keep to the same. */
  readonly node: NodeIdentity;
  readonly before: readonly Resource[];

  /**
   * @throws {ConstructError} `access-too-wide`, `range-unfit`, `window-too-short`, `window-too-long` or `quantity-malformed` for
   * what was written of access, maintenance and limits
   */
  constructor(name: string, args: GkeClusterArgs, options: ComponentResourceOptions = {}) {
    super('penstock:gcp:GkeCluster', name, {}, options);
    const { project, network, keys, nodeAccount, systemNodes } = args;
    const access = controlPlaneAccess(args.access);
    const window = recurringWindow(args.maintenance);
    const production = args.environment === 'production';
    const kept = args.deletionProtection ?? production;
    const identity = { serviceAccount: nodeAccount.email, bootDiskKmsKey: keys.disks.keyId };
    const node = hardenedNode(identity);
    const clusterAutoscaling = nodeAutoProvisioning(`${name}.autoProvisioning`, args.autoProvisioning, {
      ...identity,
      zones: args.zones,
    });
    this.location = network.region;
    this.workloadPool = `${project.id}.svc.id.goog`;

    const cluster = new container.Cluster(
      name,
      {
        location: network.region,
        nodeLocations: [...args.zones],
        deletionProtection: kept,
        releaseChannel: { channel: args.channel },
        resourceLabels: { ...args.labels, [ENVIRONMENT_LABEL]: args.environment },

        network: network.networkId,
        subnetwork: network.subnetId,
        networkingMode: 'VPC_NATIVE',
        ipAllocationPolicy: { clusterSecondaryRangeName: POD_RANGE, servicesSecondaryRangeName: SERVICE_RANGE },
        datapathProvider: 'ADVANCED_DATAPATH',
        enableIntranodeVisibility: true,
        ...access,

        workloadIdentityConfig: { workloadPool: this.workloadPool },
        databaseEncryption: { state: 'ENCRYPTED', keyName: keys.secrets.keyId },
        enableShieldedNodes: true,
        enableLegacyAbac: false,
        enableKubernetesAlpha: false,
        masterAuth: { clientCertificateConfig: { issueClientCertificate: false } },
        // The health endpoints alone answer whoever asks without a name.
        anonymousAuthenticationConfig: { mode: 'LIMITED' },
        rbacBindingConfig: {
          enableInsecureBindingSystemAuthenticated: false,
          enableInsecureBindingSystemUnauthenticated: false,
        },
        securityPostureConfig: { mode: 'BASIC' },
        binaryAuthorization: {
          evaluationMode: (args.binaryAuthorization ?? false) ? 'PROJECT_SINGLETON_POLICY_ENFORCE' : 'DISABLED',
        },

        loggingConfig: { enableComponents: LOGS },
        monitoringConfig: {
          enableComponents: METRICS,
          managedPrometheus: { enabled: true },
          advancedDatapathObservabilityConfig: { enableMetrics: true, enableRelay: false },
        },
        costManagementConfig: { enabled: true },
        maintenancePolicy: { recurringWindow: window },

        addonsConfig: {
          gcePersistentDiskCsiDriverConfig: { enabled: true },
          gcsFuseCsiDriverConfig: { enabled: true },
          dnsCacheConfig: { enabled: true },
        },
        secretManagerConfig: { enabled: true },
        gatewayApiConfig: { channel: 'CHANNEL_STANDARD' },
        clusterAutoscaling,
        podAutoscaling: { hpaProfile: 'PERFORMANCE' },

        // GKE makes no cluster without a pool and none of a chosen kind. The one it makes goes at once, but it starts:
        // with these settings, and not as the account that may edit the project.
        removeDefaultNodePool: true,
        initialNodeCount: 1,
        nodeConfig: node,
      },
      {
        parent: this,
        ...(kept ? { protect: true } : {}),
        dependsOn: [network, nodeAccount, keys.secrets, keys.disks],
        // They speak of a pool that is gone: a difference in them would replace the cluster.
        ignoreChanges: ['nodeConfig', 'initialNodeCount'],
      },
    );
    const systemPool = new container.NodePool(
      `${name}-system`,
      {
        cluster: cluster.name,
        location: network.region,
        nodeLocations: [...args.zones],
        initialNodeCount: 1,
        autoscaling: {
          totalMinNodeCount: systemNodes.minNodes,
          totalMaxNodeCount: systemNodes.maxNodes,
          locationPolicy: 'BALANCED',
        },
        management: { autoRepair: true, autoUpgrade: true },
        upgradeSettings: { strategy: 'SURGE', maxSurge: 1, maxUnavailable: 0 },
        networkConfig: { enablePrivateNodes: true },
        nodeConfig: {
          ...node,
          machineType: systemNodes.machineType,
          diskSizeGb: systemNodes.diskGib ?? 100,
          diskType: systemNodes.diskType ?? 'pd-balanced',
        },
      },
      // The autoscaler moves the count; the disks of the nodes need the key for as long as there are any.
      { parent: this, ignoreChanges: ['initialNodeCount'], dependsOn: [keys.disks, nodeAccount] },
    );

    this.nodes = { cluster, systemPool };
    this.name = cluster.name;
    this.endpoint = cluster.endpoint;
    this.certificateAuthority = cluster.masterAuth.clusterCaCertificate;
    this.node = identity;
    this.before = [this, keys.disks];
    this.registerOutputs({ name: this.name });
  }
}
