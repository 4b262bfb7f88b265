import { Duration, type DurationInput } from '@penstock/model';
import { Fn, RemovalPolicy } from 'aws-cdk-lib';
import { CfnBroker, CfnConfiguration } from 'aws-cdk-lib/aws-amazonmq';
import type { SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { Binding } from '../binding.ts';
import { SecretReference } from '../secret-reference.ts';
import { type DataNetwork, dataSecurityGroup, zonesOf } from './data-network.ts';
import { exempt } from './exemption.ts';
import { physicalName } from './physical-name.ts';

type Size = 'large' | 'xlarge' | '2xlarge' | '4xlarge' | '8xlarge' | '12xlarge' | '16xlarge';

export interface RabbitMqBrokerProps {
  /** Of the broker, once in an account and region. */
  readonly name: string;
  readonly network: DataNetwork;
  readonly key: IKey;
  /** RabbitMQ 4 has quorum queues unless told otherwise, and runs on these machines alone. */
  readonly version: '4.2' | '4.3';
  readonly instance: `mq.m7g.${Size}`;
  /** Longest that a worker may keep an item: longer than the longest lease. @default '30 minutes' */
  readonly consumerTimeout?: DurationInput;
}

/** AMQP with TLS; the console and the calls by which queues are declared. Nothing listens without TLS. */
const PORTS = [5671, 443] as const;
const ZONES = 3;

/**
 * RabbitMQ on Amazon MQ: three nodes in three zones, private, encrypted. Queues are declared by whoever owns them, as
 * quorum queues: classic ones live on one node and Amazon replaces nodes. Amazon knows one user, and keeps no metrics
 * by queue: those come from the management interface.
 */
export class RabbitMqBroker extends Construct {
  /** The raw resources. For what no prop offers, change them. */
  readonly nodes: {
    readonly broker: CfnBroker;
    readonly configuration: CfnConfiguration;
    readonly administrator: Secret;
    readonly securityGroup: SecurityGroup;
  };
  /** `amqps://host:5671`. */
  readonly url: Binding<string>;
  /** JSON with `username` and `password`, for whoever makes the other users. */
  readonly administrator: SecretReference;

  /**
   * @throws {ConstructError} `durability-unavailable` in fewer than three zones
   * @throws {ConstructError} `name-too-long`, `name-malformed`
   */
  constructor(scope: Construct, id: string, props: RabbitMqBrokerProps) {
    const { network, key } = props;
    const name = physicalName('RabbitMQ broker', props.name);
    const subnetIds = zonesOf(network, ZONES, `RabbitMQ broker ${name}`);
    const timeout = props.consumerTimeout ?? '30 minutes';
    const settings = {
      consumer_timeout: (Duration.is(timeout) ? timeout : Duration.parse(timeout)).toMilliseconds('up'),
    };

    super(scope, id);
    const securityGroup = dataSecurityGroup(this, network, 'RabbitMQ', PORTS);
    const administrator = new Secret(this, 'Administrator', {
      description: `First user of RabbitMQ ${name}`,
      encryptionKey: key,
      removalPolicy: RemovalPolicy.RETAIN,
      generateSecretString: {
        secretStringTemplate: JSON.stringify({ username: USER }),
        generateStringKey: 'password',
        passwordLength: 48,
        excludePunctuation: true,
      },
    });
    exempt(administrator, {
      because: 'no function rotates it: the broker takes another password by a call of its own only, which people make',
      nag: ['SMG4'],
    });
    const configuration = new CfnConfiguration(this, 'Configuration', {
      name,
      engineType: 'RABBITMQ',
      engineVersion: props.version,
      data: Buffer.from(
        Object.entries(settings)
          .map(([setting, value]) => `${setting} = ${value}\n`)
          .join(''),
      ).toString('base64'),
    });
    const broker = new CfnBroker(this, 'Resource', {
      brokerName: name,
      engineType: 'RABBITMQ',
      engineVersion: props.version,
      deploymentMode: 'CLUSTER_MULTI_AZ',
      hostInstanceType: props.instance,
      publiclyAccessible: false,
      subnetIds,
      securityGroups: [securityGroup.securityGroupId],
      encryptionOptions: { useAwsOwnedKey: false, kmsKeyId: key.keyArn },
      autoMinorVersionUpgrade: true,
      configuration: { id: configuration.ref, revision: configuration.attrRevision },
      logs: { general: true },
      // The template names the secret; its value is put in by CloudFormation and is in no template.
      users: [{ username: USER, password: administrator.secretValueFromJson('password').unsafeUnwrap() }],
    });
    broker.applyRemovalPolicy(RemovalPolicy.RETAIN);
    this.nodes = { broker, configuration, administrator, securityGroup };
    this.url = Binding.of(Fn.select(0, broker.attrAmqpEndpoints));
    this.administrator = SecretReference.inStore({ key: Binding.of(administrator.secretArn) });
  }
}

const USER = 'penstock';
