import { App, Stack } from 'aws-cdk-lib';
import { EksCluster, type EksClusterProps, type EksMode } from '../../../constructs/aws/eks-cluster.ts';
import { Network } from '../../../constructs/aws/network.ts';
import { Binding } from '../../../constructs/binding.ts';

export const ZONES = ['eu-central-1a', 'eu-central-1b', 'eu-central-1c'] as const;

/** A cluster in a network, in a stack of an app of its own. */
export function clusterStack<Mode extends EksMode = 'nodes'>(props: Partial<EksClusterProps<Mode>> = {}) {
  const stack = new Stack(new App(), 'test');
  const network = new Network(stack, 'Network', { discovery: 'prod', zones: ZONES });
  const cluster = new EksCluster<Mode>(stack, 'Eks', {
    name: 'prod',
    network,
    compute: { mode: 'nodes', version: '1.36' } as EksClusterProps<Mode>['compute'],
    access: { admins: [Binding.of('arn:aws:iam::123456789012:role/platform')] },
    ...props,
  });
  return { stack, network, cluster };
}
