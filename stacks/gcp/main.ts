import { Config, getStack, type Output } from '@pulumi/pulumi';
import type { Binding } from '../../constructs/binding.ts';
import { platform } from '../platform.ts';
import { type ArtifactOutputs, artifactsProgram, readArtifacts, referencedArtifacts } from './artifacts-program.ts';
import { readConfiguration } from './configuration.ts';
import type { RawConfiguration } from './configuration-fields.ts';
import { platformProgram } from './platform-program.ts';

// `pulumi up` runs this file. What it is given stands in Pulumi.<stack>.yaml, and says which of the two stacks it is.
const settings = new Config('penstock');
const kept = settings.getObject<RawConfiguration>('artifacts');

export const { images, weights, project, location, repository, registry, bucket }: Partial<ArtifactOutputs> =
  kept === undefined ? {} : artifactsProgram(platform, readArtifacts(getStack(), kept));

export const { clusterName, addresses, endpoints, accounts }: PlatformOutputs =
  kept === undefined ? platformOutputs() : {};

interface PlatformOutputs {
  readonly clusterName?: Output<string>;
  /** Where the back ends are that Google runs. */
  readonly addresses?: Readonly<Record<string, Output<string>>>;
  /** Where engines are that Vertex AI serves. */
  readonly endpoints?: Readonly<Record<string, Output<string>>>;
  /** Who each workload is that reaches something outside of the cluster. */
  readonly accounts?: Readonly<Record<string, Output<string>>>;
}

function platformOutputs(): PlatformOutputs {
  const google = new Config('gcp');
  const environment = readConfiguration(getStack(), {
    ...settings.requireObject<RawConfiguration>('environment'),
    project: google.get('project'),
    region: google.get('region'),
  });
  const artifacts = referencedArtifacts(environment.artifacts);
  const { cluster, data, identities, vertex } = platformProgram(platform, environment, artifacts);
  return {
    clusterName: cluster.name,
    addresses: lowered(data.addresses),
    endpoints: lowered(vertex.places),
    accounts: Object.fromEntries(Object.entries(identities).map(([id, { email }]) => [id, email])),
  };
}

function lowered(
  bindings: Readonly<Record<string, Binding<Output<string>>>>,
): Readonly<Record<string, Output<string>>> {
  return Object.fromEntries(Object.entries(bindings).map(([name, address]) => [name, address.lower()]));
}
