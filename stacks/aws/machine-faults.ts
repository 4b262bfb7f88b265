import {
  type AwsGpuMachine,
  type AwsMachine,
  GPU_MACHINES,
  type GpuShare,
  type ResolvedInferenceEngine,
  type Topology,
} from '@penstock/model';
import { sharingOf } from '../../constructs/kubernetes/index.ts';
import type { AwsEnvironment, ClusterEnvironment } from '../environments/aws-environment.ts';
import type { EnvironmentFault } from './environment-error.ts';

/** Of the machines that engines in the cluster run on, and of where and how they are bought. */
export const machineFaults = (topology: Topology, environment: AwsEnvironment): readonly EnvironmentFault[] => [
  ...Object.values<ResolvedInferenceEngine>(topology.engines).flatMap(({ id, accelerator }) =>
    accelerator === 'cpu' ? [] : engineFaults(id, accelerator, environment),
  ),
  ...reservationFaults(environment),
  ...offeringFaults(environment),
];

function engineFaults(
  id: string,
  share: GpuShare,
  { cluster, workloads }: AwsEnvironment,
): readonly EnvironmentFault[] {
  const path = `workloads.machines.${id}`;
  const name = workloads.machines?.[id];
  const unfit = (received: string, expected: string, repair: string): EnvironmentFault => ({
    code: 'machine-unfit',
    path,
    received,
    expected,
    repair,
  });
  const others = `name one of ${machinesWith(share).join(', ')}`;
  if (name === undefined)
    return [
      {
        code: 'reference-missing',
        path,
        received: 'nothing',
        expected: `a machine with ${share.devices} of ${share.gpu}`,
        repair: others,
      },
    ];
  const machine = GPU_MACHINES.find((each): each is AwsMachine => each.cloud === 'aws' && each.name === name);
  if (machine === undefined) return [unfit(name, 'a machine of Amazon EC2 that the catalogue has', others)];
  if (machine.gpu !== share.gpu)
    return [unfit(`${name}, which has ${machine.gpu}`, `a machine with devices of ${share.gpu}`, others)];
  if (machine.gpus < share.devices)
    return [unfit(`${name}, which has ${machine.gpus}`, `${share.devices} devices in one machine`, others)];
  return [
    ...(machine.onDemand || isReserved(cluster, machine.name)
      ? []
      : [
          unfit(
            name,
            'a machine that is sold by the hour, or a reservation of it',
            `state cluster.reservations['${name}'], or name another machine`,
          ),
        ]),
    ...(sharingOf(share) !== undefined && !bringsShared(cluster)
      ? [
          unfit(
            `${name}, whose devices are shared`,
            'machines of Karpenter: groups and EKS Auto Mode share no devices',
            "set cluster.compute.gpus to { by: 'karpenter' }, or give the engine whole devices",
          ),
        ]
      : []),
  ];
}

const isReserved = ({ reservations = {} }: ClusterEnvironment, machine: AwsGpuMachine): boolean =>
  reservations[machine] !== undefined;

const bringsShared = ({ compute }: ClusterEnvironment): boolean =>
  compute.mode === 'nodes' && compute.gpus.by === 'karpenter';

const machinesWith = ({ gpu, devices }: GpuShare): readonly string[] =>
  GPU_MACHINES.filter((each) => each.cloud === 'aws' && each.gpu === gpu && each.gpus >= devices).map(
    ({ name }) => name,
  );

function reservationFaults({ cluster, network }: AwsEnvironment): readonly EnvironmentFault[] {
  const zones: readonly string[] = network.zones;
  return Object.entries(cluster.reservations ?? {}).flatMap(([machine, { id, zone }]): readonly EnvironmentFault[] => [
    ...(/^cr-[0-9a-z]+$/.test(id)
      ? []
      : [
          {
            code: 'name-malformed',
            path: `cluster.reservations.${machine}.id`,
            received: id,
            expected: 'the id of a reservation, such as cr-0123456789abcdef0',
            repair: 'take it from `aws ec2 describe-capacity-reservations`',
          } as const,
        ]),
    ...(zones.includes(zone)
      ? []
      : [
          {
            code: 'reference-missing',
            path: `cluster.reservations.${machine}.zone`,
            received: zone,
            expected: `a zone of the network: ${zones.join(', ')}`,
            repair: 'lay the network over the zone that the reservation is in: a reservation moves to no other',
          } as const,
        ]),
  ]);
}

function offeringFaults({ cluster, network }: AwsEnvironment): readonly EnvironmentFault[] {
  const zones: readonly string[] = network.zones;
  return Object.entries(cluster.offerings ?? {}).flatMap(([machine, offered]): readonly EnvironmentFault[] => {
    const path = `cluster.offerings.${machine}`;
    const reserved = cluster.reservations?.[machine as AwsGpuMachine]?.zone;
    return [
      ...(offered.some((zone) => zones.includes(zone))
        ? []
        : [
            {
              code: 'reference-missing',
              path,
              received: offered.join(', '),
              expected: `a zone of the network among them: ${zones.join(', ')}`,
              repair: 'lay the network over a zone that sells the machine, or name another machine',
            } as const,
          ]),
      ...(reserved === undefined || offered.includes(reserved)
        ? []
        : [
            {
              code: 'settings-contradict',
              path,
              received: `a reservation in ${reserved}, which sells none`,
              expected: `a zone that sells the machine: ${offered.join(', ')}`,
              repair: 'correct the zone of the reservation, or the list of zones',
            } as const,
          ]),
    ];
  });
}
