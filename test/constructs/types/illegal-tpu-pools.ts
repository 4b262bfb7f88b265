import type { GkeCluster } from '../../../constructs/gcp/gke-cluster.ts';
import { TpuNodePool } from '../../../constructs/gcp/tpu-node-pool.ts';

// Compiled by types.test.ts and never run: each line below an @ts-expect-error must not compile.

declare const cluster: GkeCluster;
const zones = ['europe-west4-a'] as const;
const two = ['europe-west4-a', 'europe-west4-b'] as const;
const common = { cluster, generation: 'v6e', purchase: { type: 'spot' } } as const;
const v5p = { cluster, generation: 'v5p', purchase: { type: 'on-demand' } } as const;
const size = { max: 2 } as const;
const one = { machine: 'ct6e-standard-8t', topology: '2x4', zones, size } as const;
const many = { machine: 'ct6e-standard-4t', topology: '4x4', zones, lives: 'always' } as const;
const old = { machine: 'ct5lp-hightpu-4t', topology: '4x4', zones, lives: 'always' } as const;

new TpuNodePool('single', { ...common, capacity: one });
new TpuNodePool('multi', { ...common, capacity: many });
// @ts-expect-error a machine of another generation
new TpuNodePool('old', { ...common, capacity: old });
// @ts-expect-error a topology that only another machine of the generation forms
new TpuNodePool('other', { ...common, capacity: { ...one, machine: 'ct6e-standard-1t' } });
// @ts-expect-error flat topologies are not those of v5p
new TpuNodePool('flat', { ...v5p, capacity: { ...many, machine: 'ct5p-hightpu-4t' } });
// @ts-expect-error one slice over two zones
new TpuNodePool('far', { ...common, capacity: { ...many, zones: two } });
// @ts-expect-error a size for a slice of several nodes
new TpuNodePool('sized', { ...common, capacity: { ...many, size } });
// @ts-expect-error a life of its own for slices of one node
new TpuNodePool('lives', { ...common, capacity: { ...one, lives: 'always' } });
// @ts-expect-error queued requests, which are for GPUs
new TpuNodePool('queued', { ...common, capacity: one, purchase: { type: 'queued' } });
