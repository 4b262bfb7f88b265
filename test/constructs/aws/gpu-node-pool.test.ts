import { describe, expect, test } from '@jest/globals';
import type { GpuClass } from '@penstock/model';
import { Template } from 'aws-cdk-lib/assertions';
import { GpuNodePool, type GpuNodePoolProps } from '../../../constructs/aws/gpu-node-pool.ts';
import { Binding } from '../../../constructs/binding.ts';
import { clusterStack } from './cluster-stack.ts';

type Props<C extends GpuClass> = Omit<GpuNodePoolProps<C>, 'cluster' | 'name' | 'maximum'>;

function templateOf<C extends GpuClass>(props: Props<C>): Template {
  const { stack, cluster } = clusterStack();
  new GpuNodePool<C>(stack, 'Gpus', { cluster, name: 'gpus', maximum: 4, ...props });
  return Template.fromStack(stack);
}

const group = (template: Template) =>
  Object.values(template.findResources('AWS::EKS::Nodegroup', { Properties: { NodegroupName: 'gpus' } }))[0]
    ?.Properties;

/** What the launch template of the GPU machines has, without that of the system's. */
const launch = (template: Template) =>
  Object.entries(template.findResources('AWS::EC2::LaunchTemplate')).find(([id]) => id.startsWith('Gpus'))?.[1]
    .Properties.LaunchTemplateData;

const RESERVATION = Binding.of('cr-0123456789abcdef0');
const ZONE = 'eu-central-1b';

describe('a group of GPU machines', () => {
  const template = templateOf<'l4'>({ gpu: 'l4', capacity: { type: 'on-demand', machine: 'g6.12xlarge' } });

  test('has nothing until somebody wants something', () => {
    expect(group(template).ScalingConfig).toEqual({ MinSize: 0, DesiredSize: 0, MaxSize: 4 });
  });

  test('keeps off what needs no GPU, and says of what class it is', () => {
    expect(group(template).Taints).toEqual([{ Key: 'nvidia.com/gpu', Value: 'present', Effect: 'NO_SCHEDULE' }]);
    expect(group(template).Labels).toEqual({ 'penstock.dev/gpu-class': 'l4', 'penstock.dev/gpu-sharing': 'whole' });
  });

  test('tells the autoscaler what a machine will be while there is none', () => {
    expect(group(template).Tags).toMatchObject({
      'k8s.io/cluster-autoscaler/prod': 'owned',
      'k8s.io/cluster-autoscaler/node-template/resources/nvidia.com/gpu': '4',
      'k8s.io/cluster-autoscaler/node-template/taint/nvidia.com/gpu': 'present:NoSchedule',
      'k8s.io/cluster-autoscaler/node-template/label/penstock.dev/gpu-class': 'l4',
    });
  });

  test('wants a token for its metadata, does not pass it on, and encrypts its disks', () => {
    expect(launch(template)).toMatchObject({
      MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 1 },
      BlockDeviceMappings: [{ Ebs: { Encrypted: true } }, { Ebs: { Encrypted: true, VolumeSize: 100 } }],
    });
  });

  test.each([
    ['g7e.2xlarge', 'rtx-pro-6000', 'BOTTLEROCKET_x86_64_NVIDIA'],
    ['p5.48xlarge', 'h100', 'BOTTLEROCKET_x86_64_NVIDIA'],
    ['p6-b200.48xlarge', 'b200', 'BOTTLEROCKET_x86_64_NVIDIA'],
    ['g5g.xlarge', 't4g', 'BOTTLEROCKET_ARM_64_NVIDIA'],
  ] as const)('has the image with the driver for %s, which no list of CDK has to know', (machine, gpu, image) => {
    const made = templateOf({ gpu, capacity: { type: 'on-demand', machine } } as Props<GpuClass>);
    expect(group(made)).toMatchObject({ AmiType: image, InstanceTypes: [machine] });
  });

  test('makes one fast disk of the local ones, in the words of its system', () => {
    expect(launch(template).UserData['Fn::Base64']).toContain('"ephemeral-storage", "bind"');
    const al2023 = templateOf<'l4'>({
      gpu: 'l4',
      system: 'al2023',
      capacity: { type: 'on-demand', machine: 'g6.xlarge' },
    });
    expect(launch(al2023).UserData['Fn::Base64']).toMatch(/kind: NodeConfig\n[\s\S]*strategy: RAID0/);
    expect(group(al2023)).toMatchObject({
      AmiType: 'AL2023_x86_64_NVIDIA',
      Labels: { 'nvidia.com/gpu.present': 'true' },
    });
    const without = templateOf<'t4g'>({ gpu: 't4g', capacity: { type: 'on-demand', machine: 'g5g.xlarge' } });
    expect(launch(without).UserData).toBeUndefined();
  });

  test('spans all zones where nothing asks for one', () => {
    expect(group(template).Subnets).toHaveLength(3);
  });
});

describe('GPU machines that work together', () => {
  test('have an adapter on every card, lie in one zone and close together', () => {
    const template = templateOf<'h100'>({
      gpu: 'h100',
      capacity: { type: 'on-demand', machine: 'p5.48xlarge', fabric: { zone: ZONE } },
    });
    const { NetworkInterfaces: cards, SecurityGroupIds, Placement } = launch(template);
    expect(cards).toHaveLength(32);
    expect(cards[0]).toMatchObject({ NetworkCardIndex: 0, DeviceIndex: 0, InterfaceType: 'efa' });
    expect(cards[31]).toMatchObject({ NetworkCardIndex: 31, DeviceIndex: 0, InterfaceType: 'efa-only' });
    // EC2 refuses groups of the machine beside groups of its cards.
    expect(SecurityGroupIds).toBeUndefined();
    expect(cards.every((card: { Groups: unknown[] }) => card.Groups.length === 1)).toBe(true);
    expect(Placement).toEqual({ GroupName: { Ref: expect.stringMatching(/PlacementGroup/) } });
    template.hasResourceProperties('AWS::EC2::PlacementGroup', { Strategy: 'cluster' });
    expect(group(template).Subnets).toHaveLength(1);
  });

  test('have a first card without fabric where the machine has one', () => {
    const template = templateOf<'b300'>({
      gpu: 'b300',
      capacity: {
        type: 'capacity-block',
        machine: 'p6-b300.48xlarge',
        reservation: RESERVATION,
        zone: ZONE,
        fabric: true,
      },
    });
    const { NetworkInterfaces: cards } = launch(template);
    expect(cards).toHaveLength(17);
    expect(cards[0].InterfaceType).toBe('interface');
    expect(cards[1].InterfaceType).toBe('efa-only');
  });

  test('rejects a machine without an adapter', () => {
    const capacity = { type: 'on-demand', machine: 'g6.xlarge', fabric: { zone: ZONE } } as const;
    expect(() => templateOf<'l4'>({ gpu: 'l4', capacity })).toThrow(
      /g6\.xlarge has no Elastic Fabric.*\[machine-unfit\]/,
    );
  });
});

describe('GPU machines that are reserved', () => {
  test('come from a Capacity Block, whose type stands in the template and not in the group', () => {
    const template = templateOf<'h200'>({
      gpu: 'h200',
      capacity: { type: 'capacity-block', machine: 'p5e.48xlarge', reservation: RESERVATION, zone: ZONE },
    });
    expect(group(template)).toMatchObject({ CapacityType: 'CAPACITY_BLOCK' });
    expect(group(template).InstanceTypes).toBeUndefined();
    expect(launch(template)).toMatchObject({
      InstanceType: 'p5e.48xlarge',
      InstanceMarketOptions: { MarketType: 'capacity-block' },
      CapacityReservationSpecification: {
        CapacityReservationTarget: { CapacityReservationId: 'cr-0123456789abcdef0' },
      },
    });
    expect(group(template).Subnets).toHaveLength(1);
  });

  test('come from a reservation of machines on demand', () => {
    const template = templateOf<'h100'>({
      gpu: 'h100',
      capacity: { type: 'reservation', machine: 'p5.48xlarge', reservation: RESERVATION, zone: ZONE },
    });
    expect(group(template)).toMatchObject({ CapacityType: 'ON_DEMAND', InstanceTypes: ['p5.48xlarge'] });
    expect(launch(template).InstanceMarketOptions).toBeUndefined();
    expect(launch(template).CapacityReservationSpecification).toBeDefined();
  });

  test('rejects a zone where the cluster has no nodes', () => {
    const capacity = {
      type: 'capacity-block',
      machine: 'p5.48xlarge',
      reservation: RESERVATION,
      zone: 'us-east-1a',
    } as const;
    expect(() => templateOf<'h100'>({ gpu: 'h100', capacity })).toThrow(
      /no subnet of nodes in us-east-1a.*\[reference-missing\]/,
    );
  });
});

describe('GPU machines on Spot', () => {
  test('are of several types with as many devices each', () => {
    const template = templateOf<'l4'>({
      gpu: 'l4',
      capacity: { type: 'spot', machines: ['g6.xlarge', 'g6.2xlarge', 'gr6.4xlarge'] },
    });
    expect(group(template)).toMatchObject({
      CapacityType: 'SPOT',
      InstanceTypes: ['g6.xlarge', 'g6.2xlarge', 'gr6.4xlarge'],
    });
  });

  test('rejects types that differ in devices, which the autoscaler takes for alike', () => {
    const capacity = { type: 'spot', machines: ['g6.xlarge', 'g6.12xlarge'] } as const;
    expect(() => templateOf<'l4'>({ gpu: 'l4', capacity })).toThrow(/has 4 devices and g6.xlarge 1.*\[machine-unfit\]/);
  });
});
