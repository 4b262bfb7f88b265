import type { Topology } from '@penstock/model';
import { ADDONS } from '../../charts/addons.ts';
import type { AwsEnvironment } from '../environments/aws-environment.ts';
import type { EnvironmentFault } from './environment-error.ts';
import { servedByCluster } from './served-engines.ts';

/** Of the way in from outside of the cluster. */
export function edgeFaults(topology: Topology, environment: AwsEnvironment): readonly EnvironmentFault[] {
  const { edge, present = [] } = environment.workloads;
  const servers = Object.keys(edge?.servers ?? {});
  if (servers.length === 0) return [];
  const { engines, httpServices } = servedByCluster(topology, environment);
  const known = [...Object.keys(engines), ...Object.keys(httpServices)];
  const { url } = ADDONS['gateway-api'].source as { readonly url: string };
  return [
    ...servers
      .filter((id) => !known.includes(id))
      .map((id) => ({
        code: 'reference-missing' as const,
        path: `workloads.edge.servers.${id}`,
        received: id,
        expected: `an engine or service in the cluster: ${known.join(', ') || 'there is none'}`,
        repair: 'correct the id, or leave it out',
      })),
    ...(present.includes('gateway-api')
      ? []
      : [
          {
            code: 'reference-missing' as const,
            path: 'workloads.present',
            received: present.join(', ') || 'nothing',
            expected: 'gateway-api: its definitions have no chart that would be installed',
            repair: `kubectl apply --server-side --filename ${url}, and name it there`,
          },
        ]),
  ];
}
