import type { AwsGpuMachine } from '@penstock/model';
import type { AwsEnvironment } from '../environments/aws-environment.ts';

/** Zones that a machine is bought in: that of its reservation, or those that were stated. Nothing where none were. */
export function zonesFor(
  machine: AwsGpuMachine,
  { cluster, network }: AwsEnvironment,
): { readonly zones?: readonly [string, ...string[]] } {
  const reserved = cluster.reservations?.[machine]?.zone;
  const stated = reserved === undefined ? cluster.offerings?.[machine] : [reserved];
  const [first, ...others] = network.zones.filter((zone) => stated?.includes(zone));
  return first === undefined ? {} : { zones: [first, ...others] };
}
