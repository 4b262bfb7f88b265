import { ArnFormat, RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import {
  CfnParameterGroup,
  CfnReplicationGroup,
  CfnServerlessCache,
  CfnSubnetGroup,
  CfnUser,
  CfnUserGroup,
} from 'aws-cdk-lib/aws-elasticache';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { Binding } from '../binding.ts';
import { ConstructError } from '../errors.ts';
import { type DataNetwork, dataSecurityGroup, zonesOf } from './data-network.ts';
import { exempt } from './exemption.ts';
import { physicalName } from './physical-name.ts';

type Size = 'large' | 'xlarge' | '2xlarge' | '4xlarge' | '8xlarge' | '12xlarge' | '16xlarge';

/** Machines of our choice. Only these can be told never to throw a key away. */
export interface ValkeyNodes {
  readonly kind: 'nodes';
  readonly node: `cache.${'r7g' | 'm7g'}.${Size}`;
  /** Parts that the keys are spread over. @default 1 */
  readonly shards?: number;
  /** Copies of each shard beside the primary, in other zones. @default 1 */
  readonly replicas?: number;
  /** What happens when memory is full: work that waits is not a cache. @default 'refuse-writes' */
  readonly whenFull?: 'refuse-writes' | 'evict';
}

/** Grows and shrinks by itself, and throws keys with a time to live away when it is full. */
export interface ValkeyServerless {
  readonly kind: 'serverless';
  readonly maximumGigabytes: number;
  /** Compute, in units that Amazon bills by the second. */
  readonly maximumUnits: number;
}

/** Who connects, by a signature of IAM, and which keys are theirs. */
export interface ValkeyUser {
  /** Keys begin so, e.g. `sessions:`. */
  readonly keys: string;
  readonly access: 'read' | 'write';
}

export interface ValkeyCacheProps {
  /** Of the cache, once in an account and region. */
  readonly name: string;
  readonly network: DataNetwork;
  readonly key: IKey;
  readonly kind: ValkeyNodes | ValkeyServerless;
  /** By their names, which are unique in an account and region together with that of the cache. */
  readonly users: Readonly<Record<string, ValkeyUser>>;
  /** Daily snapshots that are kept. @default 7 */
  readonly snapshotDays?: number;
}

const PORT = 6379;
/** Replicas are read here on a serverless cache. */
const READER_PORT = 6380;

/** Valkey on ElastiCache: encrypted, in two zones at least, and everybody in it has a name and keys of their own. */
export class ValkeyCache extends Construct {
  /** The raw resources. For what no prop offers, change them. */
  readonly nodes: {
    readonly cache: CfnReplicationGroup | CfnServerlessCache;
    readonly users: Readonly<Record<string, CfnUser>>;
    readonly securityGroup: SecurityGroup;
    readonly logs: LogGroup | undefined;
  };
  /** Host that clients with TLS connect to, on port 6379; they speak the protocol of a cluster. */
  readonly host: Binding<string>;
  readonly #arn: string;

  /**
   * @throws {ConstructError} `durability-unavailable` in fewer than two zones
   * @throws {ConstructError} `name-too-long`, `name-malformed`
   * @throws {ConstructError} `reference-missing` without a user, or for one without keys
   */
  constructor(scope: Construct, id: string, props: ValkeyCacheProps) {
    const { network, key, kind } = props;
    const name = physicalName('Valkey cache', props.name);
    const subnetIds = zonesOf(network, 2, `Valkey cache ${name}`);
    checkUsers(name, props.users);

    super(scope, id);
    const securityGroup = dataSecurityGroup(
      this,
      network,
      'Valkey',
      kind.kind === 'serverless' ? [PORT, READER_PORT] : [PORT],
    );
    const users = Object.fromEntries(
      Object.entries(props.users).map(([user, rights]) => [user, this.#user(`${name}-${user}`, user, rights)]),
    );
    // Without a user named `default`: a group of this engine has those who prove who they are, by password or IAM, and only
    // one of the engine `redis` has to have it (ElastiCache user guide, Clusters.RBAC; CDK's package, 2.276).
    const group = new CfnUserGroup(this, 'UserGroup', {
      engine: 'valkey',
      userGroupId: name,
      userIds: Object.values(users).map(({ ref }) => ref),
    });
    const days = props.snapshotDays ?? 7;
    const place = { name, subnetIds, securityGroup, key, group, days };
    if (kind.kind === 'serverless') {
      const cache = this.#serverless(kind, place);
      this.#arn = cache.attrArn;
      this.host = Binding.of(cache.attrEndpointAddress);
      this.nodes = { cache, users, securityGroup, logs: undefined };
    } else {
      const { cache, logs } = this.#replicated(kind, place);
      this.#arn = Stack.of(this).formatArn({
        service: 'elasticache',
        resource: 'replicationgroup',
        resourceName: cache.ref,
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      });
      this.host = Binding.of(cache.attrConfigurationEndPointAddress);
      this.nodes = { cache, users, securityGroup, logs };
    }
    this.nodes.cache.applyRemovalPolicy(RemovalPolicy.RETAIN);
  }

  /**
   * Lets an identity connect as one user of this cache.
   *
   * @throws {ConstructError} `reference-missing` for a user that it does not have
   */
  access(user: string): PolicyStatement {
    const resource = this.nodes.users[user];
    if (resource === undefined)
      throw new ConstructError(
        'reference-missing',
        `Valkey user ${user}`,
        `expected one of ${Object.keys(this.nodes.users).join(', ')}`,
      );
    return new PolicyStatement({ actions: ['elasticache:Connect'], resources: [this.#arn, resource.attrArn] });
  }

  #user(userId: string, id: string, { keys, access }: ValkeyUser): CfnUser {
    return new CfnUser(this, `User-${id}`, {
      engine: 'valkey',
      userId,
      // Signatures of IAM ask for a name that is the id.
      userName: userId,
      authenticationMode: { Type: 'iam' },
      accessString: `on ~${keys}* ${access === 'read' ? '+@read +@connection' : '+@all -@admin -@dangerous'} +info`,
    });
  }

  #serverless(kind: ValkeyServerless, { name, subnetIds, securityGroup, key, group, days }: Place): CfnServerlessCache {
    return new CfnServerlessCache(this, 'Resource', {
      serverlessCacheName: name,
      engine: 'valkey',
      majorEngineVersion: '8',
      cacheUsageLimits: {
        dataStorage: { maximum: kind.maximumGigabytes, unit: 'GB' },
        ecpuPerSecond: { maximum: kind.maximumUnits },
      },
      kmsKeyId: key.keyArn,
      securityGroupIds: [securityGroup.securityGroupId],
      subnetIds,
      userGroupId: group.ref,
      snapshotRetentionLimit: days,
    });
  }

  #replicated(kind: ValkeyNodes, { name, subnetIds, securityGroup, key, group, days }: Place) {
    const parameters = new CfnParameterGroup(this, 'Parameters', {
      cacheParameterGroupFamily: 'valkey8',
      description: `Valkey of ${name}`,
      properties: {
        'cluster-enabled': 'yes',
        'maxmemory-policy': kind.whenFull === 'evict' ? 'volatile-lru' : 'noeviction',
      },
    });
    const subnets = new CfnSubnetGroup(this, 'Subnets', { description: `Zones of ${name}`, subnetIds });
    const logs = new LogGroup(this, 'Logs', {
      logGroupName: `/aws/elasticache/${name}`,
      retention: RetentionDays.ONE_MONTH,
      encryptionKey: key,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const delivery = (logType: 'slow-log' | 'engine-log') => ({
      destinationType: 'cloudwatch-logs',
      destinationDetails: { cloudWatchLogsDetails: { logGroup: logs.logGroupName } },
      logFormat: 'json',
      logType,
    });
    const cache = new CfnReplicationGroup(this, 'Resource', {
      replicationGroupId: name,
      replicationGroupDescription: `Valkey of ${name}`,
      engine: 'valkey',
      engineVersion: '8.2',
      cacheNodeType: kind.node,
      clusterMode: 'enabled',
      numNodeGroups: kind.shards ?? 1,
      replicasPerNodeGroup: kind.replicas ?? 1,
      automaticFailoverEnabled: true,
      multiAzEnabled: true,
      cacheParameterGroupName: parameters.ref,
      cacheSubnetGroupName: subnets.ref,
      securityGroupIds: [securityGroup.securityGroupId],
      transitEncryptionEnabled: true,
      transitEncryptionMode: 'required',
      atRestEncryptionEnabled: true,
      kmsKeyId: key.keyArn,
      userGroupIds: [group.ref],
      snapshotRetentionLimit: days,
      logDeliveryConfigurations: [delivery('slow-log'), delivery('engine-log')],
    });
    exempt(cache, {
      because: 'who connects signs by IAM as a user of the group, which leaves no password to share',
      nag: ['AEC6'],
    });
    exempt(cache, {
      because: 'clients and their tools know this port; another one hides from nobody, and nodes alone reach it',
      nag: ['AEC5'],
    });
    return { cache, logs };
  }
}

interface Place {
  readonly name: string;
  readonly subnetIds: string[];
  readonly securityGroup: SecurityGroup;
  readonly key: IKey;
  readonly group: CfnUserGroup;
  readonly days: number;
}

function checkUsers(cache: string, users: ValkeyCacheProps['users']): void {
  const ids = Object.keys(users);
  if (ids.length === 0)
    throw new ConstructError('reference-missing', `Valkey cache ${cache}`, 'has no user, expected who connects');
  for (const id of ids) {
    physicalName('Valkey user', `${cache}-${id}`);
    if (users[id]?.keys === '')
      throw new ConstructError('reference-missing', `Valkey user ${id}`, 'has no keys, expected how they begin');
  }
}
