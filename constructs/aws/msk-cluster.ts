import { Duration, type DurationInput, type Topology } from '@penstock/model';
import { ArnFormat, Fn, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { CfnScalableTarget, CfnScalingPolicy } from 'aws-cdk-lib/aws-applicationautoscaling';
import type { SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { CfnCluster, CfnConfiguration, CfnServerlessCluster, type CfnTopic } from 'aws-cdk-lib/aws-msk';
import { AwsCustomResource, AwsCustomResourcePolicy, PhysicalResourceId } from 'aws-cdk-lib/custom-resources';
import { Construct } from 'constructs';
import { Binding } from '../binding.ts';
import { type DataNetwork, dataSecurityGroup, zonesOf } from './data-network.ts';
import { exempt } from './exemption.ts';
import { diskSizes, type MskExpress, type MskKind, type MskProvisioned, serverProperties } from './msk-kind.ts';
import { makeTopics, wantedTopics } from './msk-topics.ts';
import { functionsOfCdk } from './nag.ts';
import { physicalName } from './physical-name.ts';

export interface MskClusterProps {
  readonly topology: Topology;
  /** Of the cluster, once in an account and region. */
  readonly name: string;
  readonly network: DataNetwork;
  readonly key: IKey;
  readonly kind: MskKind;
  /** How long a dead letter waits for a person. @default '14 days' */
  readonly deadLetterRetention?: DurationInput;
}

/** Where clients that sign by IAM connect; no other listener is open. */
const IAM_PORT = 9098;
const ZONES = 3;

/**
 * Kafka as Amazon runs it: encrypted, and open to nobody without a signature of IAM. Its records outlive their stack.
 * The L1 resources have no address among their attributes: `bootstrap` is asked for by a call when it is there.
 */
export class MskCluster extends Construct {
  /** The raw resources. For what no prop offers, change them. */
  readonly nodes: {
    readonly cluster: CfnCluster | CfnServerlessCluster;
    readonly configuration: CfnConfiguration | undefined;
    readonly securityGroup: SecurityGroup;
    readonly logs: LogGroup | undefined;
    /** By physical name. */
    readonly topics: Readonly<Record<string, CfnTopic>>;
    readonly bootstrap: AwsCustomResource;
  };
  /** `host:port` of brokers, separated by commas: for clients with TLS and SASL by IAM. */
  readonly bootstrap: Binding<string>;
  readonly #arn: string;

  /**
   * @throws {ConstructError} `durability-unavailable` in fewer than three zones
   * @throws {ConstructError} `name-too-long`, `name-malformed`
   * @throws {ConstructError} `storage-too-small` for disks that cannot grow
   */
  constructor(scope: Construct, id: string, props: MskClusterProps) {
    const { topology, network, kind } = props;
    const name = physicalName('MSK cluster', props.name);
    const subnets = zonesOf(network, ZONES, `MSK cluster ${name}`);
    const retention = props.deadLetterRetention ?? '14 days';
    const topics = wantedTopics(topology, Duration.is(retention) ? retention : Duration.parse(retention));
    const disks = kind.kind === 'provisioned' ? diskSizes(kind) : undefined;

    super(scope, id);
    const securityGroup = dataSecurityGroup(this, network, 'Kafka', [IAM_PORT]);
    const { cluster, configuration, logs } =
      kind.kind === 'serverless'
        ? { cluster: this.#serverless(name, subnets, securityGroup), configuration: undefined, logs: undefined }
        : this.#brokers(name, subnets, securityGroup, props.key, kind, disks?.initial);
    cluster.applyRemovalPolicy(RemovalPolicy.RETAIN);
    this.#arn = cluster.ref;
    if (disks !== undefined) this.#growingDisks(disks.maximum);
    const brokers = kind.kind === 'serverless' ? 0 : subnets.length * (kind.brokersPerZone ?? 1);
    const bootstrap = this.#bootstrap(name, brokers);
    this.bootstrap = Binding.of(bootstrap.getResponseField('BootstrapBrokerStringSaslIam'));
    this.nodes = {
      cluster,
      configuration,
      securityGroup,
      logs,
      bootstrap,
      topics: kind.kind === 'serverless' ? {} : makeTopics(this, topics, { clusterArn: this.#arn, kind: kind.kind }),
    };
    // A topic that is taken out of the declaration is deleted by a person who has read it: its records are the data.
    for (const topic of Object.values(this.nodes.topics)) topic.applyRemovalPolicy(RemovalPolicy.RETAIN);
  }

  /** What a client may do: connect, write to some topics, read others as one group. Names are physical ones. */
  access(client: {
    readonly writes: readonly string[];
    readonly reads: readonly { readonly topic: string; readonly group: string }[];
  }): readonly PolicyStatement[] {
    const { writes, reads } = client;
    const statement = (actions: readonly string[], resources: readonly string[]): PolicyStatement[] =>
      resources.length === 0 ? [] : [new PolicyStatement({ actions: [...actions], resources: [...resources] })];
    return [
      ...statement(['kafka-cluster:Connect'], [this.#arn]),
      // Producers of Kafka 3 and later are idempotent unless told otherwise.
      ...statement(['kafka-cluster:WriteDataIdempotently'], writes.length === 0 ? [] : [this.#arn]),
      ...statement(
        ['kafka-cluster:DescribeTopic', 'kafka-cluster:WriteData'],
        writes.map((topic) => this.#within('topic', topic)),
      ),
      ...statement(
        ['kafka-cluster:DescribeTopic', 'kafka-cluster:ReadData'],
        reads.map(({ topic }) => this.#within('topic', topic)),
      ),
      ...statement(
        ['kafka-cluster:DescribeGroup', 'kafka-cluster:AlterGroup'],
        reads.map(({ group }) => this.#within('group', group)),
      ),
    ];
  }

  #serverless(name: string, subnetIds: string[], group: SecurityGroup): CfnServerlessCluster {
    return new CfnServerlessCluster(this, 'Resource', {
      clusterName: name,
      clientAuthentication: { sasl: { iam: { enabled: true } } },
      vpcConfigs: [{ subnetIds, securityGroups: [group.securityGroupId] }],
    });
  }

  #brokers(
    name: string,
    clientSubnets: string[],
    group: SecurityGroup,
    key: IKey,
    kind: MskProvisioned | MskExpress,
    disk: number | undefined,
  ) {
    const configuration = new CfnConfiguration(this, 'Configuration', {
      name,
      serverProperties: serverProperties(kind.kind),
    });
    // Amazon takes no logging of Express brokers.
    const logs =
      kind.kind === 'express'
        ? undefined
        : new LogGroup(this, 'Logs', {
            logGroupName: `/aws/msk/${name}`,
            retention: RetentionDays.ONE_MONTH,
            encryptionKey: key,
            removalPolicy: RemovalPolicy.DESTROY,
          });
    const cluster = new CfnCluster(this, 'Resource', {
      clusterName: name,
      kafkaVersion: kind.version,
      numberOfBrokerNodes: clientSubnets.length * (kind.brokersPerZone ?? 1),
      brokerNodeGroupInfo: {
        instanceType: kind.instance,
        clientSubnets,
        securityGroups: [group.securityGroupId],
        connectivityInfo: { publicAccess: { type: 'DISABLED' } },
        ...(disk === undefined ? {} : { storageInfo: { ebsStorageInfo: { volumeSize: disk } } }),
      },
      clientAuthentication: { sasl: { iam: { enabled: true } }, unauthenticated: { enabled: false } },
      encryptionInfo: {
        encryptionAtRest: { dataVolumeKmsKeyId: key.keyArn },
        encryptionInTransit: { clientBroker: 'TLS', inCluster: true },
      },
      enhancedMonitoring: 'PER_TOPIC_PER_BROKER',
      openMonitoring: {
        prometheus: { jmxExporter: { enabledInBroker: true }, nodeExporter: { enabledInBroker: true } },
      },
      configurationInfo: { arn: configuration.attrArn, revision: configuration.attrLatestRevisionRevision },
      ...(logs === undefined
        ? {}
        : { loggingInfo: { brokerLogs: { cloudWatchLogs: { enabled: true, logGroup: logs.logGroupName } } } }),
    });
    if (logs === undefined)
      exempt(cluster, {
        because: 'Express brokers have no logs: Amazon takes no place to send them to',
        nag: ['MSK6'],
        checkov: ['CKV_AWS_80'],
      });
    return { cluster, configuration, logs };
  }

  /** A full disk stops a broker, and disks cannot be made smaller: they grow, well before, and stay so. */
  #growingDisks(maximum: number): void {
    const target = new CfnScalableTarget(this, 'Disks', {
      serviceNamespace: 'kafka',
      scalableDimension: 'kafka:broker-storage:VolumeSize',
      resourceId: this.#arn,
      minCapacity: 1,
      maxCapacity: maximum,
    });
    new CfnScalingPolicy(this, 'DiskGrowth', {
      policyName: 'disk-growth',
      policyType: 'TargetTrackingScaling',
      scalingTargetId: target.ref,
      targetTrackingScalingPolicyConfiguration: {
        predefinedMetricSpecification: { predefinedMetricType: 'KafkaBrokerStorageUtilization' },
        targetValue: 60,
        disableScaleIn: true,
      },
    });
  }

  #bootstrap(name: string, brokers: number): AwsCustomResource {
    const call = {
      service: 'Kafka',
      action: 'GetBootstrapBrokers',
      parameters: { ClusterArn: this.#arn },
      outputPaths: ['BootstrapBrokerStringSaslIam'],
      // Another number of brokers is another answer: then it is asked for again.
      physicalResourceId: PhysicalResourceId.of(`${name}-bootstrap-${brokers}`),
    };
    const bootstrap = new AwsCustomResource(this, 'Bootstrap', {
      resourceType: 'Custom::MskBootstrapBrokers',
      onUpdate: call,
      installLatestAwsSdk: false,
      policy: AwsCustomResourcePolicy.fromStatements([
        new PolicyStatement({ actions: ['kafka:GetBootstrapBrokers'], resources: [this.#arn] }),
      ]),
    });
    functionsOfCdk(this);
    return bootstrap;
  }

  /** ARN of a topic or a group: that of the cluster with another kind and one more part. */
  #within(resource: 'topic' | 'group', name: string): string {
    const [cluster, uuid] = [1, 2].map((part) => Fn.select(part, Fn.split('/', this.#arn)));
    return Stack.of(this).formatArn({
      service: 'kafka',
      resource,
      resourceName: `${cluster}/${uuid}/${name}`,
      arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
    });
  }
}
