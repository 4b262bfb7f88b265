import { Config, getStack } from '@pulumi/pulumi';
import { platform } from '../platform.ts';
import { readConfiguration } from './configuration.ts';
import { platformProgram } from './platform-program.ts';

// `pulumi up` runs this file. What it is given stands in Pulumi.<stack>.yaml.
const google = new Config('gcp');
const { store, cluster, data, identities } = platformProgram(
  platform,
  readConfiguration(getStack(), {
    ...new Config('penstock').requireObject<Readonly<Record<string, unknown>>>('environment'),
    project: google.get('project'),
    region: google.get('region'),
  }),
);

export const images = store.images;
export const weights = store.weights;
export const clusterName = cluster.name;
/** Where the back ends are that Google runs. */
export const addresses = Object.fromEntries(
  Object.entries(data.addresses).map(([name, address]) => [name, address.lower()]),
);
/** What the service account of each workload carries as `iam.gke.io/gcp-service-account`. */
export const accounts = Object.fromEntries(Object.entries(identities).map(([id, { email }]) => [id, email]));
