import type { Topology } from '@penstock/model';
import type { Manifest } from '../../constructs/policies/index.ts';
import type { KubernetesEnvironment } from '../environments/index.ts';
import { platformApp } from './platform-app.ts';

/**
 * Every object of a platform in one cluster, in the order in which they can be applied. Writes nothing.
 *
 * @throws {ConstructError} when the environment cannot carry what the topology asks for
 */
export function synthesizeKubernetes(topology: Topology, environment: KubernetesEnvironment): readonly Manifest[] {
  return platformApp(topology, environment).charts.flatMap((chart) => chart.toJson() as Manifest[]);
}
