import type { Construct } from 'constructs';
import { Binding } from '../../../constructs/binding.ts';
import { GpuNodePool, type GpuNodePoolProps } from '../../../constructs/kubernetes/index.ts';

// Compiled by types.test.ts and never run: each line below an @ts-expect-error must not compile.

declare const scope: Construct;
const cluster = { role: Binding.of('nodes'), discovery: Binding.of('prod') };
const common = { name: 'gpus', maxGpus: 8, cluster, image: 'bottlerocket@v1.64.0' } as const;
const slices = { kind: 'mig', profile: '1g.10gb' } as const;
const h100 = {
  ...common,
  gpu: 'h100',
  capacity: { type: 'on-demand', machines: ['p5.48xlarge'] },
  sharing: slices,
} as const satisfies GpuNodePoolProps<'h100'>;

new GpuNodePool(scope, 'legal', h100);
// @ts-expect-error a machine whose devices are of another class
new GpuNodePool(scope, 'class', { ...common, gpu: 'l4', capacity: h100.capacity });
// @ts-expect-error a machine that is sold in Capacity Blocks only
new GpuNodePool(scope, 'hour', { ...common, gpu: 'h200', capacity: { type: 'on-demand', machines: ['p5e.48xlarge'] } });
// @ts-expect-error a class that Spot has two machines of
new GpuNodePool(scope, 'spot', { ...common, gpu: 'h100', capacity: { type: 'spot' } });
// @ts-expect-error an image that moves
new GpuNodePool(scope, 'image', { ...h100, image: 'bottlerocket@latest' });
// @ts-expect-error a device that cannot be cut
new GpuNodePool(scope, 'cut', { ...common, gpu: 'l4', capacity: { type: 'spot' }, sharing: slices });
// @ts-expect-error slices on an image that cuts none
new GpuNodePool(scope, 'nobody', { ...h100, image: 'al2023@v20261101' });
// @ts-expect-error a role that may be known only later, as a plain text
new GpuNodePool(scope, 'role', { ...h100, cluster: { ...cluster, role: 'nodes' } });
