import { describe, expect, test } from '@jest/globals';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { RabbitMqBroker, type RabbitMqBrokerProps } from '../../../constructs/aws/rabbitmq-broker.ts';
import { dataStack } from './data-stack.ts';

function made(props: Partial<RabbitMqBrokerProps> = {}, zones = 3) {
  const { stack, network, key } = dataStack(zones);
  new RabbitMqBroker(stack, 'Broker', {
    name: 'shop-dev',
    network,
    key,
    version: '4.3',
    instance: 'mq.m7g.large',
    ...props,
  });
  return { stack, template: () => Template.fromStack(stack) };
}

describe('a broker', () => {
  const template = made({ consumerTimeout: '1 hour' }).template();

  test('has three nodes in three zones, private and encrypted', () => {
    template.hasResource('AWS::AmazonMQ::Broker', {
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        EngineType: 'RABBITMQ',
        DeploymentMode: 'CLUSTER_MULTI_AZ',
        PubliclyAccessible: false,
        SubnetIds: ['subnet-00000000', 'subnet-00000001', 'subnet-00000002'],
        EncryptionOptions: { UseAwsOwnedKey: false, KmsKeyId: Match.anyValue() },
        Logs: { General: true },
      },
    });
  });

  test('listens with TLS only', () => {
    const ports = Object.values(template.findResources('AWS::EC2::SecurityGroupIngress')).map(
      ({ Properties }) => (Properties as { FromPort: number }).FromPort,
    );
    expect(ports.toSorted()).toEqual([443, 5671]);
  });

  test('lets an item be kept for as long as was said', () => {
    const [configuration] = Object.values(template.findResources('AWS::AmazonMQ::Configuration'));
    const { Data } = (configuration as { Properties: { Data: string } }).Properties;
    expect(Buffer.from(Data, 'base64').toString()).toBe('consumer_timeout = 3600000\n');
  });

  test('has a password that no template holds', () => {
    template.hasResourceProperties('AWS::AmazonMQ::Broker', {
      Users: [
        {
          Username: 'penstock',
          Password: {
            'Fn::Join': ['', ['{{resolve:secretsmanager:', { Ref: Match.anyValue() }, ':SecretString:password::}}']],
          },
        },
      ],
    });
    template.hasResourceProperties('AWS::SecretsManager::Secret', { KmsKeyId: Match.anyValue() });
  });
});

test('a broker rejects two zones, before anything is made', () => {
  const { stack, network, key } = dataStack(2);
  const props = { name: 'shop', network, key, version: '4.3', instance: 'mq.m7g.large' } as const;
  expect(() => new RabbitMqBroker(stack, 'Broker', props)).toThrow(/has subnets in 2 zones, expected 3/);
  expect(stack.node.tryFindChild('Broker')).toBeUndefined();
});
