import { readFileSync } from 'node:fs';
import type { Topology } from '@penstock/model';
import { parse } from 'yaml';
import { readConfiguration } from './configuration.ts';
import type { GcpEnvironment } from './environment.ts';
import { platformProgram } from './platform-program.ts';
import { type RequestedResource, requestedBy } from './requested-resources.ts';

/** The stacks there are, each with a file `Pulumi.<stack>.yaml`. */
export const GCP_STACKS = ['dev', 'prod'] as const;

type StackName = (typeof GCP_STACKS)[number];

/** What the file of a stack says, by the keys that Pulumi knows it by. */
export function stackConfig(stack: StackName): Readonly<Record<string, unknown>> {
  const file = new URL(`../../Pulumi.${stack}.yaml`, import.meta.url);
  const { config } = parse(readFileSync(file, 'utf8')) as { readonly config: Readonly<Record<string, unknown>> };
  return config;
}

/** What Pulumi would be given for a stack, read from its file. */
export function stackEnvironment(stack: StackName): GcpEnvironment {
  const config = stackConfig(stack);
  return readConfiguration(stack, {
    ...(config['penstock:environment'] as object),
    project: config['gcp:project'],
    region: config['gcp:region'],
  });
}

/** What the program asks Pulumi for, in the order it asks. */
export const synthesizeGcp = (topology: Topology, environment: GcpEnvironment): Promise<readonly RequestedResource[]> =>
  requestedBy(topology.name, () => {
    platformProgram(topology, environment);
  });
