import { Config, getStack, type Output } from '@pulumi/pulumi';
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

export const { clusterName, addresses, accounts }: PlatformOutputs = kept === undefined ? platformOutputs() : {};

interface PlatformOutputs {
  readonly clusterName?: Output<string>;
  /** Where the back ends are that Google runs. */
  readonly addresses?: Readonly<Record<string, Output<string>>>;
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
  const { cluster, data, identities } = platformProgram(platform, environment, artifacts);
  return {
    clusterName: cluster.name,
    addresses: Object.fromEntries(Object.entries(data.addresses).map(([name, address]) => [name, address.lower()])),
    accounts: Object.fromEntries(Object.entries(identities).map(([id, { email }]) => [id, email])),
  };
}
