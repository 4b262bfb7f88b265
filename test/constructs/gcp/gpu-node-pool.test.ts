import { describe, expect, test } from '@jest/globals';
import { type GpuClass, machinesOf } from '@penstock/model';
import { GpuNodePool, type GpuNodePoolArgs } from '../../../constructs/gcp/gpu-node-pool.ts';
import { CLUSTER, makeCluster } from './platform-parts.ts';
import { type Request, type Requested, request } from './requested.ts';

const POOL = 'gcp:container/nodePool:NodePool';
const zones = ['europe-west4-a', 'europe-west4-b'] as const;

type Choices<C extends GpuClass> = Omit<GpuNodePoolArgs<C>, 'cluster'>;

const asked = <C extends GpuClass>(choices: Choices<C>): Promise<Request> =>
  request((options) => {
    const cluster = makeCluster(CLUSTER, options);
    new GpuNodePool('gpus', { ...choices, cluster } as GpuNodePoolArgs<C>, options);
  });

const pool = async <C extends GpuClass>(choices: Choices<C>): Promise<Requested> =>
  (await asked(choices)).the(POOL, 'gpus');

const l4: Choices<'l4'> = {
  gpu: 'l4',
  capacity: { type: 'on-demand', machine: 'g2-standard-24', zones, size: { max: 6 } },
};

describe('a pool of GPU nodes on GKE', () => {
  test('has the devices, the driver and the local SSDs of its machine', async () => {
    const { inputs } = await pool(l4);
    expect(inputs).toMatchObject({
      nodeLocations: zones,
      nodeConfig: {
        machineType: 'g2-standard-24',
        guestAccelerators: [
          { type: 'nvidia-l4', count: 2, gpuDriverInstallationConfig: { gpuDriverVersion: 'DEFAULT' } },
        ],
        ephemeralStorageLocalSsdConfig: { localSsdCount: 2 },
        gvnic: { enabled: true },
        gcfsConfig: { enabled: true },
      },
    });
  });

  test('keeps off what has no GPU to do, also where it is the first pool of its cluster', async () => {
    expect((await pool(l4)).inputs).toMatchObject({
      nodeConfig: {
        taints: [{ key: 'nvidia.com/gpu', value: 'present', effect: 'NO_SCHEDULE' }],
        labels: { 'penstock.dev/gpu-class': 'l4', 'penstock.dev/gpu-sharing': 'whole' },
      },
    });
  });

  test('grows from none wherever there is a machine, and leaves the count to the autoscaler', async () => {
    const { inputs, options } = await pool(l4);
    expect(inputs).toMatchObject({
      autoscaling: { totalMinNodeCount: 0, totalMaxNodeCount: 6, locationPolicy: 'ANY' },
      initialNodeCount: 0,
    });
    expect(inputs).not.toHaveProperty('nodeCount');
    expect(options.ignoreChanges).toEqual(['initialNodeCount']);
  });

  test('replaces nodes without a spare machine, unless told otherwise', async () => {
    expect((await pool(l4)).inputs).toMatchObject({
      upgradeSettings: { strategy: 'SURGE', maxSurge: 0, maxUnavailable: 1 },
    });
  });

  test('is hardened like every other node of the cluster', async () => {
    expect((await pool(l4)).inputs).toMatchObject({
      networkConfig: { enablePrivateNodes: true },
      management: { autoRepair: true, autoUpgrade: true },
      nodeConfig: {
        imageType: 'COS_CONTAINERD',
        bootDiskKmsKey: 'disks',
        serviceAccount: 'mailroom-nodes@synthesized.iam.gserviceaccount.com',
        shieldedInstanceConfig: { enableSecureBoot: true, enableIntegrityMonitoring: true },
        workloadMetadataConfig: { mode: 'GKE_METADATA' },
      },
    });
  });
});

describe('the name of a pool', () => {
  const nameOf = async (choices: Choices<GpuClass>): Promise<unknown> => (await pool(choices)).inputs['name'];

  test('stays when what changes can be changed in place', async () => {
    const larger = { ...l4.capacity, size: { max: 12 } } as Choices<'l4'>['capacity'];
    expect(await nameOf({ ...l4, capacity: larger } as Choices<GpuClass>)).toBe(await nameOf(l4 as Choices<GpuClass>));
  });

  test.each([
    ['the driver', { driver: 'latest' }],
    ['the machine', { capacity: { ...l4.capacity, machine: 'g2-standard-12' } }],
    ['the way it is bought', { capacity: { ...l4.capacity, type: 'spot' } }],
    ['sharing', { sharing: { kind: 'time-slicing', clients: 4 } }],
    ['the use of the local disks', { localDisks: 'raw-block' }],
  ])('is another one when %s changes, so that the new pool comes before the old one goes', async (_what, change) => {
    const changed = await nameOf({ ...l4, ...change } as Choices<GpuClass>);
    expect(changed).not.toBe(await nameOf(l4 as Choices<GpuClass>));
    expect(changed).toMatch(/^gpus-[0-9a-f]{8}$/);
  });
});

describe('machines', () => {
  test('are bought by the hour without touching a reservation', async () => {
    expect((await pool(l4)).inputs).toMatchObject({
      nodeConfig: { reservationAffinity: { consumeReservationType: 'NO_RESERVATION' } },
    });
  });

  test('are taken from the one reservation that is named', async () => {
    const { inputs } = await pool({
      gpu: 'h100',
      capacity: {
        type: 'reserved',
        machine: 'a3-megagpu-8g',
        zones: ['europe-west4-b'],
        compact: true,
        size: { count: 2 },
        reservation: 'mega',
      },
    });
    expect(inputs).toMatchObject({
      nodeCount: 2,
      placementPolicy: { type: 'COMPACT' },
      nodeConfig: {
        guestAccelerators: [{ type: 'nvidia-h100-mega-80gb', count: 8 }],
        ephemeralStorageLocalSsdConfig: { localSsdCount: 16 },
        reservationAffinity: {
          consumeReservationType: 'SPECIFIC_RESERVATION',
          key: 'compute.googleapis.com/reservation-name',
          values: ['mega'],
        },
      },
    });
    expect(inputs).not.toHaveProperty('autoscaling');
  });

  test('that may be taken back are bought without a reservation', async () => {
    const { inputs } = await pool({ ...l4, capacity: { ...l4.capacity, type: 'spot' } } as Choices<'l4'>);
    expect(inputs).toMatchObject({
      nodeConfig: { spot: true, reservationAffinity: { consumeReservationType: 'NO_RESERVATION' } },
    });
  });

  test('that come by flex-start are not repaired, and go after seven days', async () => {
    const capacity = {
      type: 'flex-start',
      machine: 'a3-ultragpu-8g',
      zones: ['us-central1-b'],
      size: { max: 2 },
    } as const;
    expect((await pool({ gpu: 'h200', capacity })).inputs).toMatchObject({
      management: { autoRepair: false, autoUpgrade: true },
      autoscaling: { totalMinNodeCount: 0 },
      nodeConfig: {
        flexStart: true,
        maxRunDuration: '604800s',
        reservationAffinity: { consumeReservationType: 'NO_RESERVATION' },
      },
    });
  });

  test('that are queued for come all at once, from none', async () => {
    const capacity = { type: 'queued', machine: 'a2-highgpu-8g', zones, size: { max: 4 } } as const;
    const { inputs } = await pool({ gpu: 'a100-40gb', capacity });
    expect(inputs).toMatchObject({
      queuedProvisioning: { enabled: true },
      autoscaling: { totalMinNodeCount: 0, totalMaxNodeCount: 4 },
      nodeConfig: { reservationAffinity: { consumeReservationType: 'NO_RESERVATION' } },
    });
    expect(inputs['nodeConfig']).not.toHaveProperty('flexStart');
  });
});

describe('devices', () => {
  test('are cut into the slices of their class', async () => {
    const capacity = { type: 'spot', machine: 'a2-ultragpu-1g', zones, size: { max: 2 } } as const;
    const { inputs } = await pool({ gpu: 'a100-80gb', capacity, sharing: { kind: 'mig', profile: '1g.10gb' } });
    expect(inputs).toMatchObject({
      nodeConfig: {
        guestAccelerators: [{ type: 'nvidia-a100-80gb', gpuPartitionSize: '1g.10gb' }],
        labels: { 'penstock.dev/gpu-sharing': 'mig-1g.10gb' },
      },
    });
  });

  test('are taken turns on by as many pods as stated', async () => {
    expect((await pool({ ...l4, sharing: { kind: 'time-slicing', clients: 4 } })).inputs).toMatchObject({
      nodeConfig: {
        guestAccelerators: [{ gpuSharingConfig: { gpuSharingStrategy: 'TIME_SHARING', maxSharedClientsPerGpu: 4 } }],
      },
    });
  });

  test('have raw disks beside them instead of scratch space, never both', async () => {
    const { inputs } = await pool({ ...l4, localDisks: 'raw-block' });
    expect(inputs).toMatchObject({ nodeConfig: { localNvmeSsdBlockConfig: { localSsdCount: 2 } } });
    expect(inputs['nodeConfig']).not.toHaveProperty('ephemeralStorageLocalSsdConfig');
  });

  test('of every class that GKE has make a pool on each machine with them', async () => {
    const machines = (['t4', 'l4', 'a100-40gb', 'a100-80gb', 'h100', 'h200', 'b200'] as const).flatMap((gpu) =>
      machinesOf('gke', gpu).map((machine) => ({ gpu, machine })),
    );
    const made = await request((options) => {
      const cluster = makeCluster(CLUSTER, options);
      for (const { gpu, machine } of machines) {
        const capacity = { type: 'spot', machine, zones, size: { max: 1 } };
        new GpuNodePool(machine, { cluster, gpu, capacity } as GpuNodePoolArgs<GpuClass>, options);
      }
    });
    expect(machines.length).toBeGreaterThan(25);
    for (const { machine } of machines)
      expect(made.the(POOL, machine).inputs).toMatchObject({ nodeConfig: { machineType: machine, spot: true } });
  });
});

describe('a pool', () => {
  const h100 = { type: 'on-demand', machine: 'a3-highgpu-8g', zones, size: { max: 2 } } as const;
  test.each([
    [
      'more than one zone for a compact placement',
      { gpu: 'h100', capacity: { ...h100, compact: true } },
      'settings-contradict',
    ],
    [
      'a count and a maximum',
      { ...l4, capacity: { ...l4.capacity, size: { count: 1, max: 2 } } },
      'settings-contradict',
    ],
    [
      'a minimum above the maximum',
      { ...l4, capacity: { ...l4.capacity, size: { min: 3, max: 2 } } },
      'settings-contradict',
    ],
    [
      'an upgrade that replaces no node',
      { ...l4, capacity: { ...l4.capacity, upgrade: { strategy: 'surge', maxSurge: 0, maxUnavailable: 0 } } },
      'settings-contradict',
    ],
    [
      'one pod that takes turns with itself',
      { ...l4, sharing: { kind: 'time-slicing', clients: 1 } },
      'settings-contradict',
    ],
    ['more pods than GKE lets share', { ...l4, sharing: { kind: 'time-slicing', clients: 49 } }, 'settings-contradict'],
    [
      'a machine that nobody sells by the hour',
      { gpu: 'h100', capacity: { ...h100, machine: 'a3-highgpu-1g' } },
      'machine-unfit',
    ],
    [
      'to leave out disks that come with the machine',
      { gpu: 'h100', capacity: h100, localDisks: 'none' },
      'machine-unfit',
    ],
    ['devices of another class', { gpu: 'h100', capacity: { ...h100, machine: 'g2-standard-12' } }, 'a3-highgpu-8g'],
    [
      'flex-start for longer than it lasts',
      { ...l4, capacity: { ...l4.capacity, type: 'flex-start', runsFor: '169 hours' } },
      'window-too-long',
    ],
  ])('rejects %s', async (_what, choices, code) => {
    const errors: string[] = [];
    const made = await request((options) => {
      const cluster = makeCluster(CLUSTER, options);
      try {
        new GpuNodePool('gpus', { ...choices, cluster } as unknown as GpuNodePoolArgs<GpuClass>, options);
      } catch (error) {
        errors.push((error as Error).message);
      }
    });
    expect(errors).toEqual([expect.stringContaining(code)]);
    expect(made.of(POOL)).toHaveLength(1);
  });
});
