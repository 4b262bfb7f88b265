import type { Topology } from '@penstock/model';
import type { ComponentResourceOptions } from '@pulumi/pulumi';
import { ConstructError } from '../../constructs/errors.ts';
import type { GkeCluster } from '../../constructs/gcp/gke-cluster.ts';
import { WorkloadIdentity, type WorkloadIdentityArgs } from '../../constructs/gcp/workload-identity.ts';
import type { GcpEnvironment } from './environment.ts';

/** What the workload of an id may reach. */
export type Reach = Pick<WorkloadIdentityArgs, 'reads' | 'roles' | 'secrets'>;

/**
 * An account for each workload that reaches something on Google Cloud, by its id; nobody else has one.
 *
 * @throws {ConstructError} `reference-missing` for a workload that the topology does not have
 */
export function identitiesOf(
  topology: Topology,
  { project, workloads: { namespace } }: GcpEnvironment,
  cluster: GkeCluster,
  reaches: Readonly<Record<string, Reach>>,
  options: ComponentResourceOptions,
): Readonly<Record<string, WorkloadIdentity>> {
  const names = namesOf(topology);
  return Object.fromEntries(
    Object.entries(reaches).map(([id, reach]) => {
      const name = names.get(id);
      if (name === undefined)
        throw new ConstructError('reference-missing', `workload ${id}`, `is not in ${topology.name}`);
      const serviceAccount = { namespace, name };
      return [id, new WorkloadIdentity(name, { project, cluster, workload: name, serviceAccount, ...reach }, options)];
    }),
  );
}

function namesOf({ workers, engines, httpServices, schedules, migrations }: Topology): ReadonlyMap<string, string> {
  const sections: readonly Readonly<Record<string, { readonly name: string }>>[] = [
    workers,
    engines,
    httpServices,
    schedules,
    migrations,
  ];
  return new Map(sections.flatMap((section) => Object.entries(section).map(([id, { name }]) => [id, name] as const)));
}
