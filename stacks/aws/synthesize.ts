import type { Topology } from '@penstock/model';
import { App } from 'aws-cdk-lib';
import { awsEnvironments } from '../environments/aws.ts';
import type { AwsEnvironment } from '../environments/aws-environment.ts';
import { artifactStack, environmentStacks } from './platform-stacks.ts';

/** The stacks of a platform on AWS: its artifacts, and those of each environment. */
export function awsApp(
  topology: Topology,
  environments: readonly AwsEnvironment[] = Object.values(awsEnvironments),
): App {
  const app = new App({ analyticsReporting: false });
  artifactStack(app, topology);
  for (const environment of environments) environmentStacks(app, topology, environment);
  return app;
}

/** The template of each stack by its name. Needs no account and no network. */
export function synthesizeAws(
  topology: Topology,
  environments?: readonly AwsEnvironment[],
): Readonly<Record<string, Readonly<Record<string, unknown>>>> {
  const { stacks } = awsApp(topology, environments).synth();
  return Object.fromEntries(
    stacks.map(({ stackName, template }) => [stackName, template as Readonly<Record<string, unknown>>]),
  );
}
