import { describe, expect, test } from '@jest/globals';
import { TpuNodePool, type TpuNodePoolArgs } from '../../../constructs/gcp/tpu-node-pool.ts';
import { TPU_GENERATIONS, type TpuGeneration, tpuSlice } from '../../../constructs/gcp/tpu-slice.ts';
import { CLUSTER, makeCluster } from './platform-parts.ts';
import { type Request, type Requested, request } from './requested.ts';

const POOL = 'gcp:container/nodePool:NodePool';
const zones = ['europe-west4-a'] as const;

type Choices<G extends TpuGeneration> = Omit<TpuNodePoolArgs<G>, 'cluster'>;

const asked = <G extends TpuGeneration>(choices: Choices<G>): Promise<Request> =>
  request((options) => {
    const cluster = makeCluster(CLUSTER, options);
    new TpuNodePool('chips', { ...choices, cluster } as TpuNodePoolArgs<G>, options);
  });

const pool = async <G extends TpuGeneration>(choices: Choices<G>): Promise<Requested> =>
  (await asked(choices)).the(POOL, 'chips');

const single: Choices<'v6e'> = {
  generation: 'v6e',
  capacity: { machine: 'ct6e-standard-8t', topology: '2x4', zones, size: { max: 3 } },
  purchase: { type: 'spot' },
};
const multi: Choices<'v5e'> = {
  generation: 'v5e',
  capacity: { machine: 'ct5lp-hightpu-4t', topology: '4x8', zones, lives: 'while-needed' },
  purchase: { type: 'on-demand' },
};

describe('a pool of TPU slices on GKE', () => {
  test('of one node each has as many as pods want, and no placement', async () => {
    const { inputs, options } = await pool(single);
    expect(inputs).toMatchObject({
      autoscaling: { totalMinNodeCount: 0, totalMaxNodeCount: 3 },
      nodeConfig: { machineType: 'ct6e-standard-8t', diskType: 'hyperdisk-balanced', spot: true },
    });
    expect(inputs).not.toHaveProperty('placementPolicy');
    expect(options.ignoreChanges).toEqual(['initialNodeCount']);
  });

  test('of several nodes is one slice: its topology is its placement, and all of its nodes come or none', async () => {
    const { inputs } = await pool(multi);
    expect(inputs).toMatchObject({
      nodeLocations: zones,
      placementPolicy: { type: 'COMPACT', tpuTopology: '4x8' },
      autoscaling: { totalMinNodeCount: 0, totalMaxNodeCount: 8 },
      nodeConfig: { machineType: 'ct5lp-hightpu-4t', diskType: 'pd-balanced' },
    });
  });

  test('of several nodes that stays has exactly these', async () => {
    const { inputs } = await pool({
      ...multi,
      capacity: { ...multi.capacity, lives: 'always' } as Choices<'v5e'>['capacity'],
    });
    expect(inputs).toMatchObject({ nodeCount: 8 });
    expect(inputs).not.toHaveProperty('autoscaling');
  });

  test('keeps off what has no chip to use, and is hardened like every other node', async () => {
    expect((await pool(single)).inputs).toMatchObject({
      networkConfig: { enablePrivateNodes: true },
      management: { autoRepair: true, autoUpgrade: true },
      nodeConfig: {
        taints: [{ key: 'google.com/tpu', value: 'present', effect: 'NO_SCHEDULE' }],
        bootDiskKmsKey: 'disks',
        shieldedInstanceConfig: { enableSecureBoot: true, enableIntegrityMonitoring: true },
        workloadMetadataConfig: { mode: 'GKE_METADATA' },
      },
    });
  });

  test('takes its nodes from the reservation that is named', async () => {
    expect((await pool({ ...multi, purchase: { type: 'reserved', reservation: 'pods' } })).inputs).toMatchObject({
      nodeConfig: { reservationAffinity: { consumeReservationType: 'SPECIFIC_RESERVATION', values: ['pods'] } },
    });
  });

  test('that comes by flex-start is not repaired, and goes in time', async () => {
    const inputs = (await pool({ ...multi, purchase: { type: 'flex-start', runsFor: '24 hours' } })).inputs;
    expect(inputs).toMatchObject({
      management: { autoRepair: false },
      nodeConfig: { flexStart: true, maxRunDuration: '86400s' },
    });
  });

  test('has another name when its slice is another one, so that the new slice comes before the old one goes', async () => {
    const other = { ...multi, capacity: { ...multi.capacity, topology: '4x4' } } as Choices<'v5e'>;
    const [name, changed] = [(await pool(multi)).inputs['name'], (await pool(other)).inputs['name']];
    expect(changed).not.toBe(name);
    expect((await pool({ ...multi, diskGib: 300 })).inputs['name']).toBe(name);
  });
});

test('every topology of every machine is a whole number of nodes: one where it says so, several otherwise', () => {
  const slices = Object.entries(TPU_GENERATIONS).flatMap(([generation, { machines }]) =>
    Object.entries<{ readonly single: readonly string[]; readonly multi: readonly string[] }>(machines).flatMap(
      ([machine, forms]) =>
        [...forms.single, ...forms.multi].map((topology) => ({
          slice: tpuSlice('t', generation as TpuGeneration, { machine, topology }),
          single: forms.single.includes(topology),
        })),
    ),
  );
  expect(slices.length).toBeGreaterThan(25);
  for (const { slice, single: alone } of slices) {
    expect(Number.isInteger(slice.nodes)).toBe(true);
    expect(slice.nodes === 1).toBe(alone);
  }
  expect(tpuSlice('t', 'v5p', { machine: 'ct5p-hightpu-4t', topology: '4x4x4' })).toMatchObject({
    accelerator: 'tpu-v5p-slice',
    chipsPerNode: 4,
    nodes: 16,
  });
});

describe('a pool of TPU slices', () => {
  test.each([
    [
      'a machine of another generation',
      { ...single, capacity: { ...single.capacity, machine: 'ct5lp-hightpu-8t' } },
      'machine-unfit',
    ],
    [
      'a topology that the machine does not form',
      { ...single, capacity: { ...single.capacity, topology: '4x4' } },
      'machine-unfit',
    ],
    [
      'a size for a slice of several nodes',
      { ...multi, capacity: { ...multi.capacity, lives: undefined, size: { max: 2 } } },
      'settings-contradict',
    ],
    [
      'no size for slices of one node',
      { ...single, capacity: { ...single.capacity, size: undefined, lives: 'always' } },
      'settings-contradict',
    ],
    [
      'one slice over two zones',
      { ...multi, capacity: { ...multi.capacity, zones: ['europe-west4-a', 'europe-west4-b'] } },
      'settings-contradict',
    ],
    [
      'flex-start for longer than it lasts',
      { ...multi, purchase: { type: 'flex-start', runsFor: '8 days' } },
      'window-too-long',
    ],
  ])('rejects %s', async (_what, choices, code) => {
    const errors: string[] = [];
    const made = await request((options) => {
      const cluster = makeCluster(CLUSTER, options);
      try {
        new TpuNodePool('chips', { ...choices, cluster } as unknown as TpuNodePoolArgs<TpuGeneration>, options);
      } catch (error) {
        errors.push((error as Error).message);
      }
    });
    expect(errors).toEqual([expect.stringContaining(code)]);
    expect(made.of(POOL)).toHaveLength(1);
  });
});
