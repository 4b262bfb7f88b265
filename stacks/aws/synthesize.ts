import type { Topology } from '@penstock/model';
import { App, Stack } from 'aws-cdk-lib';
import { ArtifactStore } from '../../constructs/aws/artifact-store.ts';

/**
 * The stacks of a platform on AWS. Artifacts have no environment: what was tested in one is what runs in the next, by
 * the same digest from the same place.
 */
export function awsApp(topology: Topology): App {
  const app = new App({ analyticsReporting: false });
  const stack = new Stack(app, `${topology.name}-artifacts`, {
    description: `Images and model weights of ${topology.name}`,
    terminationProtection: true,
  });
  new ArtifactStore(stack, 'Artifacts', { topology });
  return app;
}

/** The template of each stack by its name. Needs no account and no network. */
export function synthesizeAws(topology: Topology): Readonly<Record<string, Readonly<Record<string, unknown>>>> {
  const { stacks } = awsApp(topology).synth();
  return Object.fromEntries(
    stacks.map(({ stackName, template }) => [stackName, template as Readonly<Record<string, unknown>>]),
  );
}
