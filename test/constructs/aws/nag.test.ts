import { expect, test } from '@jest/globals';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { violationsOf } from '../../helpers/cdk-nag.ts';
import { clusterStack } from './cluster-stack.ts';
import { STACKS } from './every-construct.ts';

test.each(STACKS)('cdk-nag finds nothing in %s that was not said to be so', (_name, make) => {
  expect(violationsOf(make())).toEqual([]);
});

test('cdk-nag finds what is wrong, and nothing in an endpoint of stated ranges', () => {
  const { stack } = clusterStack({ endpoint: { kind: 'public', from: ['203.0.113.0/24'] } });
  new Queue(stack, 'Bare');
  expect(violationsOf(stack)).toEqual(['AwsSolutions-SQS3 test/Bare/Resource', 'AwsSolutions-SQS4 test/Bare/Resource']);
});
