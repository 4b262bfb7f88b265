import { readFileSync } from 'node:fs';
import type { Topology } from '@penstock/model';
import { parse } from 'yaml';
import type { Manifest } from '../../constructs/policies/index.ts';
import { artifactsProgram, readArtifacts, referencedArtifacts } from './artifacts-program.ts';
import { readConfiguration } from './configuration.ts';
import type { RawConfiguration } from './configuration-fields.ts';
import type { GcpEnvironment } from './environment.ts';
import { platformProgram } from './platform-program.ts';
import { type RequestedResource, requestedBy } from './requested-resources.ts';

/** Stacks with a platform, each with a file `Pulumi.<stack>.yaml`; `artifacts` is one beside them. */
export const GCP_STACKS = ['dev', 'prod'] as const;

type StackName = (typeof GCP_STACKS)[number];

/** What the file of a stack says, by the keys that Pulumi knows it by. */
export function stackConfig(stack: StackName | 'artifacts'): Readonly<Record<string, unknown>> {
  const file = new URL(`../../Pulumi.${stack}.yaml`, import.meta.url);
  const { config } = parse(readFileSync(file, 'utf8')) as { readonly config: Readonly<Record<string, unknown>> };
  return config;
}

/** What Pulumi would be given for a stack, read from its file. */
export function stackEnvironment(stack: StackName): GcpEnvironment {
  const config = stackConfig(stack);
  return readConfiguration(stack, {
    ...(config['penstock:environment'] as RawConfiguration),
    project: config['gcp:project'],
    region: config['gcp:region'],
  });
}

/** What the program of an environment asks Pulumi for, in the order it asks. */
export const synthesizeGcp = (topology: Topology, environment: GcpEnvironment): Promise<readonly RequestedResource[]> =>
  requestedBy(topology.name, () => {
    platformProgram(topology, environment, referencedArtifacts(environment.artifacts));
  });

/** The same of the stack of the artifacts. */
export const synthesizeGcpArtifacts = (topology: Topology): Promise<readonly RequestedResource[]> =>
  requestedBy(topology.name, () => {
    artifactsProgram(
      topology,
      readArtifacts('artifacts', stackConfig('artifacts')['penstock:artifacts'] as RawConfiguration),
    );
  });

/** The objects of Kubernetes among what a program asks for, as the cluster would be given them. */
export const requestedManifests = (requested: readonly RequestedResource[]): readonly Manifest[] =>
  requested
    .filter(({ type, inputs }) => type.startsWith('kubernetes:') && inputs['kind'] !== undefined)
    .map(({ inputs }) => inputs as unknown as Manifest);
