import { describe, expect, test } from '@jest/globals';
import { Template } from 'aws-cdk-lib/assertions';
import { GpuNodePool } from '../../../../constructs/aws/gpu-node-pool.ts';
import { KarpenterAccess } from '../../../../constructs/aws/karpenter-access.ts';
import { WorkloadGrant } from '../../../../constructs/aws/workload-grant.ts';
import { WorkloadIdentity } from '../../../../constructs/aws/workload-identity.ts';
import { Binding } from '../../../../constructs/binding.ts';
import { type CloudFormationTemplate, checkTemplates } from '../../../../constructs/policies/aws/index.ts';
import { clusterStack } from '../../aws/cluster-stack.ts';
import { CLUSTER_CASES } from './cluster-cases.ts';

interface Draft {
  [key: string]: unknown;
}

/** A cluster with all that belongs to it, as it should be. */
function compliant(): CloudFormationTemplate {
  const { stack, cluster } = clusterStack();
  const capacity = { type: 'on-demand', machine: 'p5.48xlarge', fabric: { zone: 'eu-central-1a' } } as const;
  new GpuNodePool(stack, 'Gpus', { cluster, name: 'gpus', maximum: 4, gpu: 'h100', capacity });
  new KarpenterAccess(stack, 'Karpenter', { cluster });
  new WorkloadIdentity(stack, 'Reranker', {
    cluster,
    namespace: 'search',
    serviceAccount: 'reranker',
    grants: [WorkloadGrant.produceTopic({ cluster: Binding.of('arn:aws:kafka:r:1:cluster/c/1'), topic: 'scores' })],
  });
  return Template.fromStack(stack).toJSON() as CloudFormationTemplate;
}

const TEMPLATE = compliant();

/** A copy with one thing changed in every resource of a type. */
function broken(type: string, path: string, value: unknown): CloudFormationTemplate {
  const copy = structuredClone(TEMPLATE) as unknown as { Resources: Record<string, Draft> };
  for (const resource of Object.values(copy.Resources)) {
    if (resource['Type'] !== type) continue;
    const keys = path.split('.');
    const last = keys.pop() as string;
    const holder = keys.reduce<Draft>((inner, key) => inner[key] as Draft, resource);
    if (value === undefined) delete holder[last];
    else holder[last] = value;
  }
  return copy as unknown as CloudFormationTemplate;
}

describe('the policies of templates', () => {
  test('hold for a cluster and all that belongs to it', () => {
    expect(checkTemplates({ cluster: TEMPLATE })).toEqual([]);
  });

  test.each(CLUSTER_CASES)('%s rejects a %s with %s %j', (policy, type, path, value, message) => {
    const findings = checkTemplates({ cluster: broken(type, path, value) });
    expect(new Set(findings.map((finding) => finding.policy))).toEqual(new Set([policy]));
    expect(findings.map((finding) => finding.message)).toContainEqual(expect.stringMatching(message));
  });
});
