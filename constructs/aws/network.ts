import { Tags } from 'aws-cdk-lib';
import {
  FlowLog,
  FlowLogDestination,
  FlowLogMaxAggregationInterval,
  FlowLogResourceType,
  FlowLogTrafficType,
  GatewayVpcEndpointAwsService,
  InterfaceVpcEndpoint,
  InterfaceVpcEndpointAwsService,
  IpAddresses,
  type ISecurityGroup,
  type ISubnet,
  type IVpc,
  Port,
  SecurityGroup,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { type ClusterNetwork, DISCOVERY_TAG, nodeGroup } from './cluster-network.ts';
import { EncryptedLogGroup } from './encrypted-log-group.ts';
import { functionsOfCdk } from './nag.ts';

/** AWS services that what runs on nodes calls. Each endpoint is billed by the hour and zone. */
const ENDPOINTS = {
  /** Images: names and layers. The layers themselves come from Amazon S3. */
  'ecr.api': InterfaceVpcEndpointAwsService.ECR,
  'ecr.dkr': InterfaceVpcEndpointAwsService.ECR_DOCKER,
  /** Addresses of pods, and machines that Karpenter buys. */
  ec2: InterfaceVpcEndpointAwsService.EC2,
  /** A node that joins. */
  eks: InterfaceVpcEndpointAwsService.EKS,
  /** Rights of a pod. */
  'eks-auth': InterfaceVpcEndpointAwsService.EKS_AUTH,
  sts: InterfaceVpcEndpointAwsService.STS,
  logs: InterfaceVpcEndpointAwsService.CLOUDWATCH_LOGS,
  /** Which image a version of EKS starts with. */
  ssm: InterfaceVpcEndpointAwsService.SSM,
  /** News that a machine is about to be taken back. */
  sqs: InterfaceVpcEndpointAwsService.SQS,
  secretsmanager: InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
  kms: InterfaceVpcEndpointAwsService.KMS,
  elasticloadbalancing: InterfaceVpcEndpointAwsService.ELASTIC_LOAD_BALANCING,
  /** Samples, all the time. */
  'aps-workspaces': InterfaceVpcEndpointAwsService.PROMETHEUS_WORKSPACES,
  /** Spans. */
  xray: InterfaceVpcEndpointAwsService.XRAY,
  /** Requests to a model that Amazon serves. */
  'sagemaker.runtime': InterfaceVpcEndpointAwsService.SAGEMAKER_RUNTIME,
  'bedrock-runtime': InterfaceVpcEndpointAwsService.BEDROCK_RUNTIME,
} as const;

export type ClusterEndpoint = keyof typeof ENDPOINTS;

/** Everything that any cluster calls. */
export const CLUSTER_ENDPOINTS = (Object.keys(ENDPOINTS) as readonly ClusterEndpoint[]).filter(
  (name) => !name.endsWith('runtime'),
);

/**
 * How what runs on nodes reaches what is outside. A NAT gateway is billed by the hour and by the gigabyte; one for all
 * zones costs a third by the hour, but traffic of the other two zones is billed for crossing over, and all three are cut
 * off when its zone is gone.
 */
export type Egress = 'nat-per-zone' | 'one-nat';

export interface NetworkProps {
  /** Value of the tag `karpenter.sh/discovery`: the name of the cluster. */
  readonly discovery: string;
  /** By name, e.g. `eu-central-1a`: not every zone has every GPU, and a reservation is in one. */
  readonly zones: readonly [string, string, string];
  /** @default '10.0.0.0/16' */
  readonly cidr?: `${number}.${number}.0.0/16`;
  /** @default 'nat-per-zone' */
  readonly egress?: Egress;
  /** @default - `CLUSTER_ENDPOINTS`: traffic to AWS passes no NAT gateway and stays inside */
  readonly endpoints?: readonly ClusterEndpoint[];
  /** @default RetentionDays.ONE_YEAR */
  readonly flowLogRetention?: RetentionDays;
}

/**
 * A network of three zones. Each has a large private subnet for nodes, an isolated one for data stores and a small
 * public one for NAT gateways and load balancers, where nothing gets a public address unasked.
 */
export class Network extends Construct implements ClusterNetwork {
  /** The raw resources. For what no prop offers, change their L1 child. */
  readonly nodes: {
    readonly vpc: Vpc;
    readonly nodeSecurityGroup: SecurityGroup;
    readonly endpointSecurityGroup: SecurityGroup;
    readonly endpoints: ReadonlyMap<ClusterEndpoint, InterfaceVpcEndpoint>;
    readonly flowLog: FlowLog;
    readonly flowLogs: EncryptedLogGroup;
  };
  readonly vpc: IVpc;
  readonly nodeSubnets: readonly ISubnet[];
  readonly dataSubnets: readonly ISubnet[];
  readonly nodeSecurityGroup: ISecurityGroup;
  readonly discovery: string;

  constructor(scope: Construct, id: string, props: NetworkProps) {
    super(scope, id);
    const { discovery, zones, cidr } = props;
    const made = new Vpc(this, 'Vpc', {
      ipAddresses: IpAddresses.cidr(cidr ?? '10.0.0.0/16'),
      availabilityZones: [...zones],
      natGateways: (props.egress ?? 'nat-per-zone') === 'one-nat' ? 1 : zones.length,
      // A prefix of sixteen addresses has to lie in one piece: the subnets of nodes get what is there.
      subnetConfiguration: [
        { name: 'Nodes', subnetType: SubnetType.PRIVATE_WITH_EGRESS, cidrMask: 18 },
        { name: 'Data', subnetType: SubnetType.PRIVATE_ISOLATED, cidrMask: 22 },
        { name: 'Edge', subnetType: SubnetType.PUBLIC, cidrMask: 24, mapPublicIpOnLaunch: false },
      ],
      gatewayEndpoints: {
        S3: { service: GatewayVpcEndpointAwsService.S3 },
        DynamoDb: { service: GatewayVpcEndpointAwsService.DYNAMODB },
      },
      restrictDefaultSecurityGroup: true,
    });
    functionsOfCdk(this);
    // Its optional fields may be undefined, which exact types tell from absent ones.
    const vpc = made as IVpc;
    tagSubnets(vpc, discovery);
    const nodeSecurityGroup = nodeGroup(this, vpc, discovery);
    const endpointSecurityGroup = new SecurityGroup(this, 'EndpointSecurityGroup', {
      vpc,
      description: `Endpoints of AWS services for ${discovery}`,
      allowAllOutbound: false,
    });
    endpointSecurityGroup.addIngressRule(nodeSecurityGroup, Port.tcp(443), 'nodes and their pods');
    const flowLogs = new EncryptedLogGroup(this, 'FlowLogs', {
      logGroupName: `/penstock/${discovery}/flow`,
      ...(props.flowLogRetention === undefined ? {} : { retention: props.flowLogRetention }),
    });
    this.vpc = vpc;
    this.nodeSubnets = vpc.privateSubnets;
    this.dataSubnets = vpc.isolatedSubnets;
    this.nodeSecurityGroup = nodeSecurityGroup;
    this.discovery = discovery;
    this.nodes = {
      vpc: made,
      nodeSecurityGroup,
      endpointSecurityGroup,
      endpoints: new Map(
        (props.endpoints ?? CLUSTER_ENDPOINTS).map((name) => [
          name,
          new InterfaceVpcEndpoint(this, `Endpoint-${name}`, {
            vpc,
            service: ENDPOINTS[name],
            subnets: { subnets: vpc.privateSubnets },
            securityGroups: [endpointSecurityGroup],
            open: false,
          }),
        ]),
      ),
      flowLog: new FlowLog(this, 'FlowLog', {
        resourceType: FlowLogResourceType.fromVpc(vpc),
        destination: FlowLogDestination.toCloudWatchLogs(flowLogs.nodes.logGroup),
        trafficType: FlowLogTrafficType.ALL,
        maxAggregationInterval: FlowLogMaxAggregationInterval.TEN_MINUTES,
      }),
      flowLogs,
    };
  }
}

/** By which controllers find subnets: Karpenter those of nodes, load balancers those they listen in. */
function tagSubnets(vpc: IVpc, discovery: string): void {
  for (const subnet of vpc.privateSubnets) {
    Tags.of(subnet).add(DISCOVERY_TAG, discovery);
    Tags.of(subnet).add('kubernetes.io/role/internal-elb', '1');
  }
  for (const subnet of vpc.publicSubnets) Tags.of(subnet).add('kubernetes.io/role/elb', '1');
}
