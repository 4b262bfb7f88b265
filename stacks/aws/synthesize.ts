import { readFileSync } from 'node:fs';
import type { Topology } from '@penstock/model';
import { App } from 'aws-cdk-lib';
import { DISABLE_ASSET_STAGING_CONTEXT } from 'aws-cdk-lib/cx-api';
import { awsEnvironments } from '../environments/aws.ts';
import type { AwsEnvironment } from '../environments/aws-environment.ts';
import { checkEnvironments } from './environment-faults.ts';
import { artifactStack, environmentStacks } from './platform-stacks.ts';

/**
 * The stacks of a platform on AWS: its artifacts, and those of each environment.
 *
 * @throws {EnvironmentError} with all that is wrong with any of the environments, before a stack of one is made
 */
export function awsApp(
  topology: Topology,
  environments: readonly AwsEnvironment[] = Object.values(awsEnvironments),
  context: Readonly<Record<string, unknown>> = {},
): App {
  checkEnvironments(topology, environments);
  const app = new App({ analyticsReporting: false, context: { ...flagsOfCdk(), ...context } });
  const artifacts = artifactStack(app, topology, environments);
  for (const environment of environments) environmentStacks(app, topology, environment, artifacts);
  return app;
}

/** What `cdk` reads by itself: so that a template is the same whoever synthesizes it. */
function flagsOfCdk(): Readonly<Record<string, unknown>> {
  const { context } = JSON.parse(readFileSync(new URL('../../cdk.json', import.meta.url), 'utf8')) as {
    readonly context: Readonly<Record<string, unknown>>;
  };
  return context;
}

/** Code of functions is named by what is in it and left where it is: a template needs no copy of it. */
const WITHOUT_COPIES = { [DISABLE_ASSET_STAGING_CONTEXT]: true };

/** The template of each stack by its name. Needs no account and no network. */
export function synthesizeAws(
  topology: Topology,
  environments?: readonly AwsEnvironment[],
): Readonly<Record<string, Readonly<Record<string, unknown>>>> {
  const { stacks } = awsApp(topology, environments, WITHOUT_COPIES).synth();
  return Object.fromEntries(
    stacks.map(({ stackName, template }) => [stackName, template as Readonly<Record<string, unknown>>]),
  );
}
