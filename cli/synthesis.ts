import type { Topology } from '@penstock/model';
import { checkTemplates, TEMPLATE_POLICIES } from '../constructs/policies/aws/index.ts';
import { checkRequested, GCP_POLICIES } from '../constructs/policies/gcp/index.ts';
import { checkManifests, type Finding, type Manifest, POLICIES } from '../constructs/policies/index.ts';
import { environments } from '../stacks/environments/index.ts';
import { synthesizeKubernetes } from '../stacks/kubernetes/synthesize.ts';
import type { CheckedTarget } from './report.ts';

/** The manifests of every environment that has a cluster. Writes nothing. */
export function* synthesizeClusters(
  topology: Topology,
): Iterable<CheckedTarget & { readonly manifests: readonly Manifest[] }> {
  for (const environment of Object.values(environments)) {
    const manifests = synthesizeKubernetes(topology, environment);
    const findings = checkManifests(manifests).map(textOf);
    yield {
      name: `kubernetes/${environment.name}`,
      objects: manifests.length,
      rules: POLICIES.length,
      findings,
      manifests,
    };
  }
}

/** Synthesizes every target there is. The CDK and Pulumi are loaded only here. */
export async function* synthesizeTargets(topology: Topology): AsyncIterable<CheckedTarget> {
  yield* synthesizeClusters(topology);
  const { synthesizeAws } = await import('../stacks/aws/synthesize.ts');
  for (const [name, template] of Object.entries(synthesizeAws(topology))) {
    const { Resources: resources } = template as { readonly Resources: Readonly<Record<string, unknown>> };
    const findings = checkTemplates({ [name]: template }).map(textOf);
    yield { name: `aws/${name}`, objects: Object.keys(resources).length, rules: TEMPLATE_POLICIES.length, findings };
  }
  const { GCP_STACKS, requestedManifests, stackEnvironment, synthesizeGcp, synthesizeGcpArtifacts } = await import(
    '../stacks/gcp/synthesize.ts'
  );
  const programs = [
    ['artifacts', () => synthesizeGcpArtifacts(topology)],
    ...GCP_STACKS.map((stack) => [stack, () => synthesizeGcp(topology, stackEnvironment(stack))] as const),
  ] as const;
  // One after the other: Pulumi has one program a process.
  for (const [stack, program] of programs) {
    const resources = await program();
    const findings = [...checkRequested(resources), ...checkManifests(requestedManifests(resources))].map(textOf);
    const rules = GCP_POLICIES.length + POLICIES.length;
    yield { name: `gcp/${stack}`, objects: resources.length, rules, findings };
  }
}

const textOf = ({ policy, object, message, reason }: Finding): string => `${object}: ${message} (${policy}: ${reason})`;
