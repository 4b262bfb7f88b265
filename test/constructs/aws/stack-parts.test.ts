import { describe, expect, test } from '@jest/globals';
import { App, CfnResource, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { PlatformBudget } from '../../../constructs/aws/platform-budget.ts';
import { PublishedBindings } from '../../../constructs/aws/published-bindings.ts';
import { Binding } from '../../../constructs/binding.ts';
import { platform } from '../../../stacks/platform.ts';
import { dataStack } from './data-stack.ts';

describe('an address that is published', () => {
  test('is read by its name when the reader is deployed, and ties neither stack to the other', () => {
    const app = new App();
    const owner = new Stack(app, 'owner');
    const reader = new Stack(app, 'reader');
    const { ref } = new CfnResource(owner, 'Broker', { type: 'Custom::Broker' });
    new PublishedBindings(owner, 'Addresses', { prefix: '/shop/prod', values: { kafka: Binding.of(ref) } });
    new CfnResource(reader, 'Client', {
      type: 'Custom::Client',
      properties: { Brokers: PublishedBindings.read(reader, '/shop/prod', 'kafka').lower() },
    });
    const read = Template.fromStack(reader);
    Template.fromStack(owner).hasResourceProperties('AWS::SSM::Parameter', {
      Name: '/shop/prod/kafka',
      Value: { Ref: 'Broker' },
    });
    const [parameter] = Object.entries(read.findParameters('*', { Default: '/shop/prod/kafka' }));
    expect(parameter?.[1]).toMatchObject({ Type: 'AWS::SSM::Parameter::Value<String>' });
    read.hasResourceProperties('Custom::Client', { Brokers: { Ref: parameter?.[0] } });
    expect(JSON.stringify([Template.fromStack(owner), read])).not.toMatch(/Fn::ImportValue|"Export"/);
  });
});

test('the key of data lets the logs of its own account in, and nobody else', () => {
  const { stack } = dataStack();
  Template.fromStack(stack).hasResource('AWS::KMS::Key', {
    DeletionPolicy: 'Retain',
    Properties: {
      EnableKeyRotation: true,
      KeyPolicy: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Principal: { Service: { 'Fn::Join': ['', ['logs.', { Ref: 'AWS::Region' }, '.amazonaws.com']] } },
            Condition: { ArnLike: { 'kms:EncryptionContext:aws:logs:arn': Match.anyValue() } },
          }),
        ]),
      },
    },
  });
});

test.each([0, -1, Number.NaN])('a budget rejects %d USD a month', (monthlyUsd) => {
  const props = { topology: platform, environment: 'dev', monthlyUsd, emails: ['a@example.com'] } as const;
  expect(() => new PlatformBudget(new Stack(new App(), 'test'), 'Budget', props)).toThrow('[quantity-malformed]');
});
