import { expect, test } from '@jest/globals';
import { awsApp } from '../../../stacks/aws/synthesize.ts';
import { platform } from '../../../stacks/platform.ts';
import { violationsOf } from '../../helpers/cdk-nag.ts';
import { COMPUTE, gpuEnvironment, gpuTopology } from './gpu-shop.ts';

const WITHOUT_COPIES = { 'aws:cdk:disable-asset-staging': true };
const OF_A_CLUSTER = /-(network|cluster|workloads)\//;

test('cdk-nag finds nothing in a cluster of this house, or in what runs in it, that was not said to be so', () => {
  const found = violationsOf(awsApp(platform, undefined, WITHOUT_COPIES));
  expect(found.filter((violation) => OF_A_CLUSTER.test(violation))).toEqual([]);
});

test.each(Object.keys(COMPUTE) as (keyof typeof COMPUTE)[])(
  'cdk-nag finds nothing in clusters with GPUs by %s that was not said to be so',
  (form) => {
    const found = violationsOf(awsApp(gpuTopology, [gpuEnvironment(form)], WITHOUT_COPIES));
    expect(found.filter((violation) => OF_A_CLUSTER.test(violation))).toEqual([]);
  },
);
