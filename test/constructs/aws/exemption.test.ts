import { expect, test } from '@jest/globals';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { CfnUserGroup } from 'aws-cdk-lib/aws-elasticache';
import { BlockPublicAccess, Bucket } from 'aws-cdk-lib/aws-s3';
import { exempt } from '../../../constructs/aws/exemption.ts';
import { type CloudFormationTemplate, checkTemplates } from '../../../constructs/policies/aws/index.ts';
import { violationsOf } from '../../helpers/cdk-nag.ts';

const because = 'it is thrown away by midnight';

test('one reason is read by policies of ours, by cdk-nag and by checkov, from the resource itself', () => {
  const made = () => {
    const stack = new Stack(new App(), 'test');
    const bucket = new Bucket(stack, 'Bucket', { enforceSSL: true, blockPublicAccess: BlockPublicAccess.BLOCK_ALL });
    exempt(bucket, {
      because,
      policies: ['data-retained', 'data-encrypted'],
      nag: ['S1'],
      checkov: ['CKV_AWS_18'],
    });
    (bucket.node.defaultChild as Bucket & { cfnOptions: { deletionPolicy?: string } }).cfnOptions.deletionPolicy =
      'Delete';
    return stack;
  };
  const template = Template.fromStack(made()).toJSON() as CloudFormationTemplate;
  expect(checkTemplates({ test: template })).toEqual([]);
  expect(violationsOf(made())).toEqual([]);
  expect(Object.values(template.Resources ?? {})[0]?.Metadata).toMatchObject({
    'policy.penstock.dev/suppress.data-retained': because,
    checkov: { skip: [{ id: 'CKV_AWS_18', comment: because }] },
  });
});

test('a second reason beside a resource leaves the first one', () => {
  const stack = new Stack(new App(), 'test');
  const group = new CfnUserGroup(stack, 'Group', { engine: 'valkey', userGroupId: 'shop', userIds: [] });
  exempt(group, { because: 'one', checkov: ['CKV_AWS_1'] });
  exempt(group, { because: 'two', checkov: ['CKV_AWS_2'] });
  expect(group.getMetadata('checkov')).toEqual({
    skip: [
      { id: 'CKV_AWS_1', comment: 'one' },
      { id: 'CKV_AWS_2', comment: 'two' },
    ],
  });
});
