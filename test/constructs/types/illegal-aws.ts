import type { Construct } from 'constructs';
import { EksCluster } from '../../../constructs/aws/eks-cluster.ts';
import { GpuNodePool } from '../../../constructs/aws/gpu-node-pool.ts';
import { KarpenterAccess } from '../../../constructs/aws/karpenter-access.ts';
import type { Network } from '../../../constructs/aws/network.ts';
import { WorkloadIdentity } from '../../../constructs/aws/workload-identity.ts';
import { Binding } from '../../../constructs/binding.ts';

// Compiled by types.test.ts and never run: each line below an @ts-expect-error must not compile.

declare const scope: Construct;
declare const cluster: EksCluster<'nodes'>;
declare const auto: EksCluster<'auto'>;
declare const network: Network;
const pool = { cluster, name: 'gpus', maximum: 4 } as const;
const capacity = { type: 'on-demand', machine: 'g6.xlarge' } as const;
const block = { type: 'capacity-block', machine: 'p5e.48xlarge', zone: 'eu-central-1a' } as const;
const admins = [Binding.of('arn')] as const;
const eks = { name: 'prod', network, access: { admins } } as const;

new GpuNodePool(scope, 'legal', { ...pool, gpu: 'h200', capacity: { ...block, reservation: Binding.of('cr-1') } });
// @ts-expect-error a machine whose devices are of another class
new GpuNodePool(scope, 'class', { ...pool, gpu: 'l4', capacity: { type: 'on-demand', machine: 'p5.48xlarge' } });
// @ts-expect-error a machine that is sold in Capacity Blocks only, by the hour
new GpuNodePool(scope, 'hour', { ...pool, gpu: 'h200', capacity: { type: 'on-demand', machine: 'p5e.48xlarge' } });
// @ts-expect-error a machine that is sold in Capacity Blocks only, on Spot
new GpuNodePool(scope, 'spot', { ...pool, gpu: 'h200', capacity: { type: 'spot', machines: ['p5e.48xlarge'] } });
// @ts-expect-error a Capacity Block without its id
new GpuNodePool(scope, 'block', { ...pool, gpu: 'h200', capacity: block });
// @ts-expect-error add-ons of a version that nobody has run
new EksCluster(scope, 'addons', { ...eks, compute: { mode: 'nodes', version: '1.37' } });
// @ts-expect-error a version without support
new EksCluster(scope, 'version', { ...eks, compute: { mode: 'auto', version: '1.29' } });
// @ts-expect-error a cluster that nobody could get into
new EksCluster(scope, 'admins', { ...eks, compute: { mode: 'auto', version: '1.36' }, access: { admins: [] } });
// @ts-expect-error rights of one's own
new WorkloadIdentity(scope, 'w', { cluster, namespace: 'n', serviceAccount: 's', grants: [{ lower: () => [] }] });
new GpuNodePool(scope, 'group', { ...pool, gpu: 'l4', capacity });
// @ts-expect-error a group of machines on a cluster that brings its own
new GpuNodePool(scope, 'auto', { ...pool, cluster: auto, gpu: 'l4', capacity });
new KarpenterAccess(scope, 'karpenter', { cluster });
// @ts-expect-error a second Karpenter beside that of EKS Auto Mode
new KarpenterAccess(scope, 'second', { cluster: auto });
// @ts-expect-error system nodes of one's own on a cluster that brings its own
new EksCluster(scope, 'system', { ...eks, compute: { mode: 'auto', version: '1.36', system: { minimum: 3 } } });
