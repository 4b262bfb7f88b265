import type { Topology } from '@penstock/model';
import { checkManifests, type Manifest } from '../constructs/policies/index.ts';
import { environments } from '../stacks/environments/index.ts';
import { synthesizeKubernetes } from '../stacks/kubernetes/synthesize.ts';

/** What one target in one environment would be given, and which rules that breaks. */
export interface SynthesizedTarget {
  /** e.g. `kubernetes/prod`. */
  readonly name: string;
  /** In the order in which they can be applied. */
  readonly objects: readonly Manifest[];
  /** One text a broken rule. */
  readonly findings: readonly string[];
}

/** Synthesizes every target in every environment. Writes nothing. */
export function* synthesizeTargets(topology: Topology): Iterable<SynthesizedTarget> {
  for (const environment of Object.values(environments)) {
    const objects = synthesizeKubernetes(topology, environment);
    const findings = checkManifests(objects).map(
      ({ policy, object, message, reason }) => `${object}: ${message} (${policy}: ${reason})`,
    );
    yield { name: `kubernetes/${environment.name}`, objects, findings };
  }
}
