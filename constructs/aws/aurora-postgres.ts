import { Annotations, Duration, RemovalPolicy } from 'aws-cdk-lib';
import { InstanceType, type SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { ManagedPolicy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import {
  AuroraPostgresEngineVersion,
  CfnDBInstance,
  ClusterInstance,
  Credentials,
  DatabaseCluster,
  DatabaseClusterEngine,
  type IClusterInstance,
  ParameterGroup,
  PerformanceInsightRetention,
} from 'aws-cdk-lib/aws-rds';
import { Construct } from 'constructs';
import { Binding } from '../binding.ts';
import { SecretReference } from '../secret-reference.ts';
import { checkCapacity } from './aurora-limits.ts';
import { type DataNetwork, dataSecurityGroup, zonesOf } from './data-network.ts';
import { exempt } from './exemption.ts';
import { keptByAws } from './nag.ts';
import { physicalName } from './physical-name.ts';

type Size = 'large' | 'xlarge' | '2xlarge' | '4xlarge' | '8xlarge' | '12xlarge' | '16xlarge' | '24xlarge';

/** Follows the load, in Aurora capacity units: one is about 2 GiB of memory. */
export interface AuroraServerless {
  readonly kind: 'serverless';
  readonly minimumUnits: number;
  readonly maximumUnits: number;
}

export interface AuroraProvisioned {
  readonly kind: 'provisioned';
  readonly instance: `${'r7g' | 'r8g'}.${Size}`;
}

export interface AuroraPostgresProps {
  /** Of the cluster, once in an account and region. */
  readonly name: string;
  readonly network: DataNetwork;
  readonly key: IKey;
  /** Of the database that is there from the start. */
  readonly database: string;
  readonly capacity: AuroraServerless | AuroraProvisioned;
  /** Beside the writer, in other zones; the first takes over within a minute. @default 1 */
  readonly readers?: number;
  /** True where somebody reads the changes of an outbox from the log. @default false */
  readonly logicalReplication?: boolean;
  /** Any second of so many days can be restored. @default 14 */
  readonly backupDays?: number;
  /** @default - 17.9 */
  readonly version?: AuroraPostgresEngineVersion;
}

const PORT = 5432;
/** Longer connections of nobody hold back vacuum. */
const IDLE_IN_TRANSACTION = '60000';

/**
 * PostgreSQL on Aurora. Services connect by a token of IAM and TLS; the password of the first user is made, kept and
 * rotated by RDS itself. The backtrack of Aurora is MySQL's alone: here time is turned back by restoring to a second.
 */
export class AuroraPostgres extends Construct {
  /** The raw resources. For what no prop offers, change their L1 child. */
  readonly nodes: {
    readonly cluster: DatabaseCluster;
    readonly parameters: ParameterGroup;
    readonly securityGroup: SecurityGroup;
    readonly logs: readonly LogGroup[];
  };
  /** Host of the writer, on port 5432. */
  readonly host: Binding<string>;
  /** Host of the readers. */
  readonly readerHost: Binding<string>;
  /** User and password for whoever makes the others. */
  readonly administrator: SecretReference;

  /**
   * @throws {ConstructError} `durability-unavailable` in fewer than two zones
   * @throws {ConstructError} `name-too-long`, `name-malformed`
   * @throws {ConstructError} `resources-too-small` for capacity that Aurora does not have
   */
  constructor(scope: Construct, id: string, props: AuroraPostgresProps) {
    const { network, key, capacity } = props;
    const name = physicalName('Aurora cluster', props.name);
    zonesOf(network, 2, `Aurora cluster ${name}`);
    checkCapacity(name, capacity);

    super(scope, id);
    const securityGroup = dataSecurityGroup(this, network, 'PostgreSQL', [PORT]);
    const engine = DatabaseClusterEngine.auroraPostgres({
      version: props.version ?? AuroraPostgresEngineVersion.VER_17_9,
    });
    const parameters = new ParameterGroup(this, 'Parameters', {
      engine,
      description: `PostgreSQL of ${name}`,
      parameters: {
        'rds.force_ssl': '1',
        idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION,
        ...(props.logicalReplication === true ? { 'rds.logical_replication': '1' } : {}),
      },
      removalPolicy: RemovalPolicy.RETAIN,
    });
    const exported = ['postgresql', 'iam-db-auth-error'] as const;
    // RDS would make them when it first writes, to be kept for ever.
    const logs = exported.map(
      (log) =>
        new LogGroup(this, `Logs-${log}`, {
          logGroupName: `/aws/rds/cluster/${name}/${log}`,
          retention: RetentionDays.ONE_MONTH,
          encryptionKey: key,
          removalPolicy: RemovalPolicy.DESTROY,
        }),
    );
    const monitoring = monitoringRole(this, name);
    const cluster = new DatabaseCluster(this, 'Resource', {
      clusterIdentifier: name,
      engine,
      defaultDatabaseName: props.database,
      parameterGroup: parameters,
      vpc: network.vpc,
      vpcSubnets: { subnets: [...network.dataSubnets] },
      securityGroups: [securityGroup],
      credentials: Credentials.fromUsername('penstock', { encryptionKey: key }),
      manageMasterUserPassword: true,
      iamAuthentication: true,
      storageEncrypted: true,
      storageEncryptionKey: key,
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
      backup: { retention: Duration.days(props.backupDays ?? 14) },
      copyTagsToSnapshot: true,
      deleteAutomatedBackups: false,
      cloudwatchLogsExports: [...exported],
      enablePerformanceInsights: true,
      performanceInsightEncryptionKey: key,
      performanceInsightRetention: PerformanceInsightRetention.DEFAULT,
      monitoringInterval: Duration.seconds(60),
      monitoringRole: monitoring,
      enableClusterLevelEnhancedMonitoring: true,
      ...(capacity.kind === 'serverless'
        ? { serverlessV2MinCapacity: capacity.minimumUnits, serverlessV2MaxCapacity: capacity.maximumUnits }
        : {}),
      writer: instance(capacity, 'Writer'),
      readers: Array.from({ length: props.readers ?? 1 }, (_, reader) => instance(capacity, `Reader${reader + 1}`)),
    });
    for (const group of logs) cluster.node.addDependency(group);
    Annotations.of(cluster).acknowledgeWarning(
      '@aws-cdk/aws-rds:instancePerformanceInsightsOverridden',
      'instances say nothing of their own: what is measured is said once, by the cluster',
    );
    for (const each of cluster.node.findAll()) {
      if (each instanceof CfnDBInstance)
        exempt(each, { because: 'enhanced monitoring is that of the whole cluster', checkov: ['CKV_AWS_118'] });
    }
    this.nodes = { cluster, parameters, securityGroup, logs };
    this.host = Binding.of(cluster.clusterEndpoint.hostname);
    this.readerHost = Binding.of(cluster.clusterReadEndpoint.hostname);
    this.administrator = SecretReference.inStore({ key: Binding.of(cluster.secret?.secretArn ?? '') });
  }
}

/** As RDS writes what it measures of its machines. */
function monitoringRole(scope: Construct, name: string): Role {
  const policy = 'service-role/AmazonRDSEnhancedMonitoringRole';
  const role = new Role(scope, 'Monitoring', {
    assumedBy: new ServicePrincipal('monitoring.rds.amazonaws.com'),
    description: `Measures ${name}`,
    managedPolicies: [ManagedPolicy.fromAwsManagedPolicyName(policy)],
  });
  keptByAws(role, [policy]);
  return role;
}

/** Readers grow with the writer: one that takes over has to carry what it carried. */
const instance = (capacity: AuroraPostgresProps['capacity'], id: string): IClusterInstance =>
  capacity.kind === 'serverless'
    ? ClusterInstance.serverlessV2(id, id === 'Writer' ? {} : { scaleWithWriter: true })
    : ClusterInstance.provisioned(id, { instanceType: new InstanceType(capacity.instance) });
