import type { GkeCluster } from '../../../constructs/gcp/gke-cluster.ts';
import { GpuNodePool } from '../../../constructs/gcp/gpu-node-pool.ts';

// Compiled by types.test.ts and never run: each line below an @ts-expect-error must not compile.

declare const cluster: GkeCluster;
const zones = ['europe-west4-a'] as const;
const two = ['europe-west4-a', 'europe-west4-b'] as const;
const size = { max: 4 } as const;
const h100 = { type: 'on-demand', machine: 'a3-highgpu-8g', zones, size } as const;
const mega = { type: 'reserved', machine: 'a3-megagpu-8g', zones, size, reservation: 'mega' } as const;
const b200 = { machine: 'a4-highgpu-8g', zones, size } as const;
const upgrade = { strategy: 'blue-green' } as const;
const slices = { kind: 'mig', profile: '1g.10gb' } as const;
const l4 = { machine: 'g2-standard-12', zones, size } as const;

new GpuNodePool('legal', { cluster, gpu: 'h100', capacity: { ...h100, compact: true } });
new GpuNodePool('close', { cluster, gpu: 'b200', capacity: { ...b200, type: 'flex-start', compact: true } });
// @ts-expect-error a machine whose devices are of another class
new GpuNodePool('class', { cluster, gpu: 'l4', capacity: h100 });
// @ts-expect-error a machine that is sold by reservation only
new GpuNodePool('hour', { cluster, gpu: 'h100', capacity: { ...h100, machine: 'a3-highgpu-1g' } });
// @ts-expect-error a class that is sold by reservation only
new GpuNodePool('hours', { cluster, gpu: 'b200', capacity: { ...b200, type: 'on-demand' } });
// @ts-expect-error a reservation without a name
new GpuNodePool('unnamed', { cluster, gpu: 'h100', capacity: { ...mega, reservation: undefined } });
// @ts-expect-error Spot with a reservation
new GpuNodePool('both', { cluster, gpu: 'l4', capacity: { ...l4, type: 'spot', reservation: 'mine' } });
// @ts-expect-error a count and a maximum
new GpuNodePool('sizes', { cluster, gpu: 'l4', capacity: { ...l4, type: 'spot', size: { count: 2, max: 4 } } });
// @ts-expect-error queued requests with a minimum
new GpuNodePool('queue', { cluster, gpu: 'l4', capacity: { ...l4, type: 'queued', size: { min: 1, max: 4 } } });
// @ts-expect-error queued requests and a compact placement
new GpuNodePool('queued', { cluster, gpu: 'b200', capacity: { ...b200, type: 'queued', compact: true } });
// @ts-expect-error flex-start with a number that stays
new GpuNodePool('flex', { cluster, gpu: 'l4', capacity: { ...l4, type: 'flex-start', size: { count: 2 } } });
// @ts-expect-error a compact placement that flex-start has on other machines
new GpuNodePool('near', { cluster, gpu: 'l4', capacity: { ...l4, type: 'flex-start', compact: true } });
// @ts-expect-error a compact placement over two zones
new GpuNodePool('far', { cluster, gpu: 'h100', capacity: { ...h100, compact: true, zones: two } });
// @ts-expect-error a compact placement and blue-green upgrades
new GpuNodePool('blue', { cluster, gpu: 'h100', capacity: { ...h100, compact: true, upgrade } });
// @ts-expect-error a device that cannot be cut
new GpuNodePool('cut', { cluster, gpu: 'l4', capacity: { ...l4, type: 'spot' }, sharing: slices });
