import type { Topology } from '@penstock/model';
import { type App, Stack, type StackProps, Tags } from 'aws-cdk-lib';
import { COST_TAGS } from '../../constructs/aws/cost-tags.ts';
import type { AwsEnvironment } from '../environments/aws-environment.ts';

/** What of an environment changes together. */
export type StackPart = 'network' | 'data' | 'engines' | 'cluster' | 'workloads' | 'observability' | 'spending';

/** Name of an environment's cluster, and first part of the names of what is made beside it. */
export const environmentName = (topology: Topology, { name }: AwsEnvironment): string => `${topology.name}-${name}`;

/** Where addresses of an environment are published. */
export const addressPrefix = (topology: Topology, { name }: AwsEnvironment): string => `/${topology.name}/${name}`;

/** Where places are published that every environment reads. */
export const artifactPrefix = ({ name }: Topology): string => `/${name}/artifacts`;

/** A stack of one environment, with the tags by which a bill is split. */
export function stackOf(
  app: App,
  topology: Topology,
  environment: AwsEnvironment,
  part: StackPart,
  props: StackProps,
): Stack {
  const { region, account } = environment;
  const name = environmentName(topology, environment);
  const stack = new Stack(app, `${name}-${part}`, {
    ...props,
    env: { region, ...(account === undefined ? {} : { account }) },
  });
  Tags.of(stack).add(COST_TAGS.platform, topology.name);
  Tags.of(stack).add(COST_TAGS.environment, name);
  Tags.of(stack).add(COST_TAGS.stack, part);
  return stack;
}
