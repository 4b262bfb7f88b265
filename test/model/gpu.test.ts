import { describe, expect, test } from '@jest/globals';
import {
  type AwsMachine,
  Bytes,
  type EksGpuImage,
  type GkeMachine,
  GPU_CLASSES,
  GPU_MACHINES,
  gpuFacts,
  gpuMemory,
  ModelError,
  machineFor,
  machinesOf,
  migSlice,
  migSlices,
  type SpotClass,
  shareOf,
} from '@penstock/model';
import type { NodegroupAmiType } from 'aws-cdk-lib/aws-eks';

const GIGABYTE = 1e9;
const aws = GPU_MACHINES.filter((machine): machine is AwsMachine => machine.cloud === 'aws');
const gke = GPU_MACHINES.filter((machine): machine is GkeMachine => machine.cloud === 'gke');

/** GPU memory of the largest machine of a family, as the cloud's own page states it in gigabytes. */
const STATED: Readonly<Record<string, number>> = {
  'g4dn.metal': 128,
  'g5.48xlarge': 192,
  'g5g.metal': 32,
  'g6.48xlarge': 192,
  'gr6.8xlarge': 24,
  'g6e.48xlarge': 384,
  'g7e.48xlarge': 768,
  'p4d.24xlarge': 320,
  'p4de.24xlarge': 640,
  'p5.48xlarge': 640,
  'p5e.48xlarge': 1128,
  'p5en.48xlarge': 1128,
  'p6-b200.48xlarge': 1440,
  'n1-standard-32': 64,
  'g2-standard-96': 192,
  'g4-standard-384': 768,
  'a2-megagpu-16g': 640,
  'a2-ultragpu-8g': 640,
  'a3-highgpu-8g': 640,
  'a3-megagpu-8g': 640,
  'a3-ultragpu-8g': 1128,
  'a4-highgpu-8g': 1440,
};

describe('machines', () => {
  test.each(Object.entries(STATED))('%s has the %i GB of GPU memory that its cloud states', (name, gigabytes) => {
    expect(GPU_MACHINES.find((machine) => machine.name === name)?.gpuMemory).toEqual(Bytes.parse(`${gigabytes} GB`));
  });

  test('each is named once', () => {
    const names = GPU_MACHINES.map(({ name }) => name);
    expect(names).toEqual([...new Set(names)]);
  });

  test('each holds its devices, and more memory of its own than one of them', () => {
    for (const { gpu, gpus, gpuMemory: total, vcpus, memory } of GPU_MACHINES) {
      expect([1, 2, 4, 8, 16]).toContain(gpus);
      expect(total).toEqual(gpuMemory(gpu).times(gpus));
      expect(vcpus / gpus).toBeGreaterThanOrEqual(4);
      expect(memory.bytes).toBeGreaterThanOrEqual(8 * 2 ** 30);
    }
  });

  test('every class is rented by some cloud, and every machine is found under its class', () => {
    for (const gpu of GPU_CLASSES) expect([...machinesOf('aws', gpu), ...machinesOf('gke', gpu)]).not.toEqual([]);
    for (const { name, gpu } of aws) expect(machinesOf('aws', gpu)).toContain(name);
    for (const { name, gpu } of gke) expect(machinesOf('gke', gpu)).toContain(name);
  });

  test('a price has a day that has passed, and is above nothing', () => {
    const priced = GPU_MACHINES.flatMap(({ price }) => price ?? []);
    expect(priced.length).toBeGreaterThan(0);
    for (const { asOf, usdPerHour, region } of priced) {
      expect(new Date(asOf).toISOString().slice(0, 10)).toBe(asOf);
      expect(Date.parse(asOf)).toBeLessThan(Date.now());
      expect(region).toMatch(/^[a-z]+-[a-z]+-?\d$/);
      expect(usdPerHour).toBeGreaterThan(0);
    }
  });

  test('what is not sold by the hour has no price by the hour', () => {
    for (const { onDemand, price } of GPU_MACHINES) if (!onDemand) expect(price).toBeUndefined();
    expect(machineFor('aws', 'p5e.48xlarge', 'h200').onDemand).toBe(false);
    expect(machineFor('gke', 'a3-highgpu-1g', 'h100').onDemand).toBe(false);
    expect(machineFor('gke', 'a3-highgpu-8g', 'h100').onDemand).toBe(true);
  });

  test('Spot is for classes that it has several machines of', () => {
    const classes = ['t4', 't4g', 'a10g', 'l4', 'l40s', 'rtx-pro-6000'] as const satisfies readonly SpotClass[];
    const several = GPU_CLASSES.filter((gpu) => machinesOf('aws', gpu).length >= 3);
    expect(several.toSorted()).toEqual(classes.toSorted());
  });

  test('an image is one that EKS node groups know, for the architecture of the machine', () => {
    // Assigned, not compared: the list of names is a type of the CDK.
    const known = (image: EksGpuImage): `${NodegroupAmiType}` => image;
    for (const { architecture, images } of aws) {
      const part = architecture === 'arm64' ? 'ARM_64' : 'x86_64';
      expect(Object.values(images).map(known)).toEqual([`AL2023_${part}_NVIDIA`, `BOTTLEROCKET_${part}_NVIDIA`]);
    }
    expect(machineFor('aws', 'g5g.xlarge', 't4g').architecture).toBe('arm64');
  });

  test('Google Cloud has one name of its own for each device, and local disks of 375 GiB', () => {
    const byAccelerator = Map.groupBy(gke, ({ accelerator }) => accelerator);
    for (const machines of byAccelerator.values()) {
      expect(new Set(machines.map(({ vertex }) => vertex)).size).toBe(1);
      expect(new Set(machines.map(({ gpu }) => gpu)).size).toBe(1);
    }
    expect(machineFor('gke', 'a3-megagpu-8g', 'h100')).toMatchObject({
      accelerator: 'nvidia-h100-mega-80gb',
      localSsds: 16,
      localDisk: Bytes.parse('6000 GiB'),
    });
  });
});

test('a share of a machine is that of its devices', () => {
  const share = shareOf(machineFor('aws', 'g6.12xlarge', 'l4'), 6);
  expect(share).toEqual({
    vcpus: 72,
    memory: Bytes.parse('288 GiB'),
    localDisk: Bytes.parse('5640 GB'),
  });
});

describe('slices', () => {
  test('never hold more together than their device, by more than the rounding of their names', () => {
    for (const gpu of GPU_CLASSES) {
      for (const { memory, perDevice } of migSlices(gpu)) {
        expect((memory.bytes - GIGABYTE / 2) * perDevice).toBeLessThanOrEqual(gpuMemory(gpu).bytes);
      }
    }
  });

  test('never take more than the seven shares of compute that a device has', () => {
    for (const gpu of GPU_CLASSES) {
      for (const { profile, perDevice } of migSlices(gpu)) {
        expect(Number.parseInt(profile, 10) * perDevice).toBeLessThanOrEqual(7);
      }
    }
  });

  test('are asked for by the name that the device plugin gives them', () => {
    expect(migSlice('h100', '1g.10gb')).toEqual({
      profile: '1g.10gb',
      resource: 'nvidia.com/mig-1g.10gb',
      memory: Bytes.parse('10 GB'),
      perDevice: 7,
    });
  });

  test('are there from Ampere on, and only on what is made to be cut', () => {
    const cut = GPU_CLASSES.filter((gpu) => migSlices(gpu).length > 0);
    expect(cut).toEqual(['a100-40gb', 'a100-80gb', 'h100', 'h200', 'b200', 'b300', 'rtx-pro-6000']);
    for (const gpu of cut) expect(Number(gpuFacts(gpu).computeCapability)).toBeGreaterThanOrEqual(8);
  });
});

test('a later architecture needs a later driver', () => {
  const drivers = (['t4', 'a100-40gb', 'h100', 'b200'] as const).map((gpu) => gpuFacts(gpu).minimumDriver);
  expect(drivers).toEqual(drivers.toSorted((a, b) => a - b));
});

test.each([
  ['a machine that no cloud has', () => machineFor('aws', 'p5.large' as 'p5.48xlarge', 'h100')],
  ['a slice that the device cannot be cut into', () => migSlice('h100', '1g.5gb' as '1g.10gb')],
  ['a slice of a device that cannot be cut', () => migSlice('l4' as 'h100', '1g.10gb')],
])('rejects %s when it comes as text', (_, lookUp) => {
  expect(lookUp).toThrow(expect.objectContaining({ code: 'accelerator-mismatch' }));
  expect(lookUp).toThrow(ModelError);
});
