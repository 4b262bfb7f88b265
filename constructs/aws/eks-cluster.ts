import { RemovalPolicy, Validations } from 'aws-cdk-lib';
import { CfnSecurityGroupIngress } from 'aws-cdk-lib/aws-ec2';
import { CfnAccessEntry, type CfnAddon, CfnCluster, type CfnClusterProps } from 'aws-cdk-lib/aws-eks';
import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct, type IConstruct } from 'constructs';
import { Binding } from '../binding.ts';
import { ConstructError } from '../errors.ts';
import { type ClusterNetwork, threeZones } from './cluster-network.ts';
import { accessEntries, accessPolicy, type ClusterAccess } from './eks-access.ts';
import {
  ADDONS_1_36,
  type AddonVersions,
  BEFORE_NODES,
  type EksAddon,
  type EksAddons,
  eksAddons,
} from './eks-addons.ts';
import { EncryptedLogGroup } from './encrypted-log-group.ts';
import { exempt } from './exemption.ts';
import { keptByAws } from './nag.ts';
import { physicalName } from './physical-name.ts';
import { SystemNodeGroup, type SystemNodes } from './system-node-group.ts';

/** From inside the network only, or also from stated ranges of addresses outside. */
export type EksEndpoint =
  | { readonly kind: 'private' }
  | { readonly kind: 'public'; readonly from: readonly [string, ...string[]] };

/** The versions in standard support. Add-ons of one that we have run are known; those of another have to be stated. */
export type EksVersion =
  | {
      readonly version: '1.36';
      /** @default - builds that ran together on 2026-09-16 */
      readonly addons?: AddonVersions;
    }
  | { readonly version: '1.35' | '1.37'; readonly addons: AddonVersions };

/** Who brings machines: node groups and Karpenter, or EKS itself, which brings its own add-ons too. */
export type EksCompute =
  | ({ readonly mode: 'nodes'; readonly system?: SystemNodes } & EksVersion)
  | { readonly mode: 'auto'; readonly version: '1.35' | '1.36' | '1.37' };

/** Who brings machines; what only one of them has does not typecheck on a cluster of the other. */
export type EksMode = EksCompute['mode'];

export interface EksClusterProps<Mode extends EksMode = EksMode> {
  /** At most 100 lower-case letters, digits and hyphens. */
  readonly name: string;
  readonly network: ClusterNetwork;
  readonly compute: EksCompute & { readonly mode: Mode };
  readonly access: ClusterAccess;
  /** @default { kind: 'private' } */
  readonly endpoint?: EksEndpoint;
  /** @default RetentionDays.ONE_YEAR */
  readonly logRetention?: RetentionDays;
  /** False only for a cluster that is made to be thrown away. @default true */
  readonly deletionProtection?: boolean;
}

/**
 * A Kubernetes control plane of Amazon EKS. Of L1 resources: the L2 of `aws-eks-v2` has no protection against deletion
 * and no support policy, and chooses node images by a list that lacks the newer GPU machines. What runs in the cluster
 * is applied by others (`EksKubectl`): there is no function with rights in it.
 */
export class EksCluster<Mode extends EksMode = EksMode> extends Construct {
  readonly mode: Mode;
  readonly nodes: {
    readonly cluster: CfnCluster;
    readonly role: Role;
    readonly key: Key;
    readonly logs: EncryptedLogGroup;
    readonly access: readonly CfnAccessEntry[];
    readonly addons?: EksAddons;
    readonly system?: SystemNodeGroup;
    /** Of the machines that EKS Auto Mode brings. */
    readonly autoRole?: Role;
  };
  /** Known before the cluster is: names, tags and rights are made of it. */
  readonly name: string;
  readonly network: ClusterNetwork;
  readonly prerequisites: readonly IConstruct[];
  readonly endpoint: Binding<string>;
  readonly certificateAuthority: Binding<string>;
  /** Name of the role of machines that EKS Auto Mode brings: node classes of one's own name it. */
  readonly autoNodeRole: Mode extends 'auto' ? Binding<string> : undefined;

  /**
   * @throws {ConstructError} `exposed-to-all` for an endpoint that is open to more than stated ranges
   * @throws {ConstructError} `name-malformed`, `name-too-long`, `durability-unavailable`
   */
  constructor(scope: Construct, id: string, props: EksClusterProps<Mode>) {
    super(scope, id);
    const { network } = props;
    const compute: EksCompute = props.compute;
    threeZones('node subnets', network.nodeSubnets);
    const name = physicalName('cluster', props.name);
    const endpoint = endpointOf(props.endpoint ?? { kind: 'private' });
    const auto = compute.mode === 'auto';
    const role = controlPlaneRole(this, name, auto);
    const autoRole = auto ? autoNodeRole(this, name) : undefined;
    const key = new Key(this, 'SecretsKey', {
      description: `Secrets of cluster ${name}`,
      enableKeyRotation: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    key.grant(role, 'kms:Encrypt', 'kms:Decrypt', 'kms:DescribeKey', 'kms:ListGrants');
    // Made by EKS itself, the group would keep everything for ever and in the clear.
    const logs = new EncryptedLogGroup(this, 'Logs', {
      logGroupName: `/aws/eks/${name}/cluster`,
      ...(props.logRetention === undefined ? {} : { retention: props.logRetention }),
    });
    const cluster = new CfnCluster(this, 'Cluster', {
      name,
      roleArn: role.roleArn,
      version: compute.version,
      resourcesVpcConfig: { subnetIds: network.nodeSubnets.map(({ subnetId }) => subnetId), ...endpoint },
      accessConfig: { authenticationMode: 'API', bootstrapClusterCreatorAdminPermissions: false },
      bootstrapSelfManagedAddons: false,
      encryptionConfig: [{ provider: { keyArn: key.keyArn }, resources: ['secrets'] }],
      logging: { clusterLogging: { enabledTypes: LOG_TYPES.map((type) => ({ type })) } },
      deletionProtection: props.deletionProtection ?? true,
      // Extended support costs several times as much by the hour: that is somebody's decision and not an oversight's.
      upgradePolicy: { supportType: 'STANDARD' },
      ...autoMode(auto),
    });
    Validations.of(cluster).acknowledge({
      id: 'CloudFormation-Validate::W9009',
      reason: 'EKS still asks what is encrypted, and knows one answer',
    });
    if (props.endpoint?.kind === 'public')
      exempt(cluster, { because: `asked for, and open to ${props.endpoint.from.join(', ')} only`, nag: ['EKS1'] });
    cluster.node.addDependency(logs, role);
    controlPlaneRules(this, network, cluster);
    const identity = { name: cluster.ref };
    this.mode = props.compute.mode;
    this.name = name;
    this.network = network;
    this.endpoint = Binding.of(cluster.attrEndpoint);
    this.certificateAuthority = Binding.of(cluster.attrCertificateAuthorityData);
    this.autoNodeRole = (autoRole === undefined ? undefined : Binding.of(autoRole.roleName)) as this['autoNodeRole'];
    const access = [
      ...accessEntries(this, cluster.ref, props.access),
      ...(autoRole === undefined ? [] : [autoNodeEntry(this, cluster.ref, autoRole)]),
    ];
    this.nodes = {
      cluster,
      role,
      key,
      logs,
      access,
      ...(autoRole === undefined ? {} : { autoRole }),
      ...(compute.mode === 'nodes' ? machines(this, identity, network, compute) : {}),
    };
    this.prerequisites = [cluster, ...Object.values(this.nodes.addons?.addons ?? {})];
  }
}

const LOG_TYPES = ['api', 'audit', 'authenticator', 'controllerManager', 'scheduler'] as const;

/** @throws {ConstructError} `exposed-to-all` */
export function endpointOf(endpoint: EksEndpoint): Partial<CfnCluster.ResourcesVpcConfigProperty> {
  if (endpoint.kind === 'private') return { endpointPrivateAccess: true, endpointPublicAccess: false };
  for (const range of endpoint.from) {
    const prefix = Number(/^(?:\d{1,3}\.){3}\d{1,3}\/(\d{1,2})$/.exec(range)?.[1] ?? Number.NaN);
    if (prefix >= WIDEST_RANGE && prefix <= 32) continue;
    throw new ConstructError(
      'exposed-to-all',
      `endpoint range ${JSON.stringify(range)}`,
      `expected a range of addresses of ours, such as 203.0.113.0/24, no wider than /${WIDEST_RANGE}`,
    );
  }
  return { endpointPrivateAccess: true, endpointPublicAccess: true, publicAccessCidrs: [...endpoint.from] };
}

/** Wider ranges are nobody's own: two halves of the world are the world. */
const WIDEST_RANGE = 8;

function controlPlaneRole(scope: Construct, name: string, auto: boolean): Role {
  const principal = new ServicePrincipal('eks.amazonaws.com');
  const policies = auto
    ? [
        'AmazonEKSClusterPolicy',
        'AmazonEKSComputePolicy',
        'AmazonEKSBlockStoragePolicy',
        'AmazonEKSLoadBalancingPolicy',
        'AmazonEKSNetworkingPolicy',
      ]
    : ['AmazonEKSClusterPolicy'];
  const role = new Role(scope, 'Role', {
    assumedBy: principal,
    description: `Control plane of ${name}`,
    managedPolicies: policies.map((policy) => ManagedPolicy.fromAwsManagedPolicyName(policy)),
  });
  keptByAws(role, policies);
  if (auto)
    role.assumeRolePolicy?.addStatements(new PolicyStatement({ principals: [principal], actions: ['sts:TagSession'] }));
  return role;
}

/**
 * All three or none: EKS refuses Auto Mode in parts. Without the pools that EKS has ready: their machines are in the
 * group of the control plane, whom neither the endpoints of AWS nor the data stores let in, and their limits are nobody's.
 */
function autoMode(
  enabled: boolean,
): Pick<CfnClusterProps, 'computeConfig' | 'kubernetesNetworkConfig' | 'storageConfig'> {
  return {
    computeConfig: { enabled },
    kubernetesNetworkConfig: { ipFamily: 'ipv4', elasticLoadBalancing: { enabled } },
    storageConfig: { blockStorage: { enabled } },
  };
}

function autoNodeRole(scope: Construct, name: string): Role {
  const policies = ['AmazonEKSWorkerNodeMinimalPolicy', 'AmazonEC2ContainerRegistryPullOnly'];
  const role = new Role(scope, 'AutoNodeRole', {
    assumedBy: new ServicePrincipal('ec2.amazonaws.com'),
    description: `Nodes of ${name}`,
    managedPolicies: policies.map((policy) => ManagedPolicy.fromAwsManagedPolicyName(policy)),
  });
  keptByAws(role, policies);
  return role;
}

/** EKS makes one for pools of its own only; a class of ours that names the role needs it stated. */
const autoNodeEntry = (scope: Construct, clusterName: string, role: Role): CfnAccessEntry =>
  new CfnAccessEntry(scope, 'AutoNodeAccess', {
    clusterName,
    principalArn: role.roleArn,
    type: 'EC2',
    accessPolicies: [{ policyArn: accessPolicy('auto-node'), accessScope: { type: 'cluster' } }],
  });

/** Between the group of nodes and the one that EKS makes for its control plane. */
function controlPlaneRules(scope: Construct, network: ClusterNetwork, cluster: CfnCluster): void {
  const nodes = network.nodeSecurityGroup.securityGroupId;
  const controlPlane = cluster.attrClusterSecurityGroupId;
  const rule = (id: string, from: string, to: string, [fromPort, toPort]: readonly [number, number], what: string) =>
    new CfnSecurityGroupIngress(scope, id, {
      groupId: to,
      sourceSecurityGroupId: from,
      ipProtocol: 'tcp',
      fromPort,
      toPort,
      description: what,
    });
  rule('NodesToApi', nodes, controlPlane, [443, 443], 'nodes and pods to the API');
  rule('ApiToNodes', controlPlane, nodes, [443, 443], 'API to webhooks');
  // A webhook listens where its author likes it, and the kubelet at 10250.
  rule('ApiToPods', controlPlane, nodes, [1025, 65535], 'API to kubelets and webhooks');
}

function machines(
  scope: Construct,
  cluster: { readonly name: string },
  network: ClusterNetwork,
  compute: Extract<EksCompute, { readonly mode: 'nodes' }>,
): { readonly addons: EksAddons; readonly system: SystemNodeGroup } {
  const addons = eksAddons(scope, cluster, compute.addons ?? ADDONS_1_36);
  const system = new SystemNodeGroup(scope, 'System', { clusterName: cluster.name, network, ...compute.system });
  for (const [name, addon] of Object.entries(addons.addons) as [EksAddon, CfnAddon][]) {
    if (BEFORE_NODES.includes(name)) system.node.addDependency(addon);
    else addon.node.addDependency(system);
  }
  return { addons, system };
}
