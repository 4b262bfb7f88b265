import { expect, test } from '@jest/globals';
import type { App, Stack } from 'aws-cdk-lib';
import { awsApp } from '../../../stacks/aws/synthesize.ts';
import { platform } from '../../../stacks/platform.ts';
import { violationsOf } from '../../helpers/cdk-nag.ts';
import { COMPUTE, gpuEnvironment, gpuTopology } from './gpu-shop.ts';
import { digests, SERVINGS, servingEnvironment } from './serving.ts';

const WITHOUT_COPIES = { 'aws:cdk:disable-asset-staging': true };
/** All its stacks are in the report of one. */
const violationsIn = (app: App): readonly string[] => violationsOf(app.node.children[0] as Stack);
const OF_A_CLUSTER = /-(network|cluster|workloads|engines)\//;

test('cdk-nag finds nothing in a cluster of this house, or in what runs in it, that was not said to be so', () => {
  const found = violationsIn(awsApp(platform, undefined, WITHOUT_COPIES));
  expect(found.filter((violation) => OF_A_CLUSTER.test(violation))).toEqual([]);
});

test.each(Object.keys(COMPUTE) as (keyof typeof COMPUTE)[])(
  'cdk-nag finds nothing in clusters with GPUs by %s that was not said to be so',
  (form) => {
    const found = violationsIn(awsApp(gpuTopology, [gpuEnvironment(form)], WITHOUT_COPIES));
    expect(found.filter((violation) => OF_A_CLUSTER.test(violation))).toEqual([]);
  },
);

test.each(['asynchronously', 'by Bedrock'] as const)(
  'cdk-nag finds nothing in engines that Amazon serves %s, and in who asks them, that was not said to be so',
  (form) => {
    const found = violationsIn(awsApp(digests, [servingEnvironment(SERVINGS[form])], WITHOUT_COPIES));
    expect(found.filter((violation) => OF_A_CLUSTER.test(violation))).toEqual([]);
  },
);
