import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { type App, type Stack, Validations } from 'aws-cdk-lib';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { AwsSolutionsChecks } from 'cdk-nag';
import { GpuNodePool } from '../../../constructs/aws/gpu-node-pool.ts';
import { KarpenterAccess } from '../../../constructs/aws/karpenter-access.ts';
import { clusterStack } from './cluster-stack.ts';

/** What cdk-nag says of a stack, as the report of its synthesis has it. */
function violations({ stack }: { readonly stack: Stack }): readonly string[] {
  const app = stack.node.root as App;
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  try {
    app.synth();
  } catch {
    // Violations fail the synthesis; the report says which.
  }
  const report = JSON.parse(readFileSync(join(app.outdir, 'validation-report.json'), 'utf8')) as {
    readonly pluginReports: readonly {
      readonly pluginName: string;
      readonly violations: readonly { readonly ruleName: string }[];
    }[];
  };
  const nag = report.pluginReports.filter(({ pluginName }) => pluginName === 'AwsSolutions');
  expect(nag).toHaveLength(1);
  return nag.flatMap((plugin) => plugin.violations.map(({ ruleName }) => ruleName));
}

test('cdk-nag finds nothing in a cluster with nodes that was not said to be so', () => {
  const made = clusterStack();
  const { stack, cluster } = made;
  const capacity = { type: 'on-demand', machine: 'p5.48xlarge', fabric: { zone: 'eu-central-1a' } } as const;
  new GpuNodePool(stack, 'Gpus', { cluster, name: 'gpus', maximum: 4, gpu: 'h100', capacity });
  new KarpenterAccess(stack, 'Karpenter', { cluster });
  expect(violations(made)).toEqual([]);
});

test('cdk-nag finds nothing in a cluster of EKS Auto Mode that was not said to be so', () => {
  expect(violations(clusterStack({ compute: { mode: 'auto', version: '1.36' } }))).toEqual([]);
});

test('cdk-nag finds what is wrong, and nothing in an endpoint of stated ranges', () => {
  const made = clusterStack({ endpoint: { kind: 'public', from: ['203.0.113.0/24'] } });
  new Queue(made.stack, 'Bare');
  expect(new Set(violations(made))).toEqual(new Set(['AwsSolutions-SQS3', 'AwsSolutions-SQS4']));
});
