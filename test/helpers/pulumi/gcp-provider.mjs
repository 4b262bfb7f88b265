// A stand-in for the provider of Google Cloud.
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { resolve } from './protocol.mjs';
import { readDeclaration, standIn, UNKNOWN } from './stand-in.mjs';

const folder = dirname(resolve('@pulumi/gcp/package.json'));
/** What the real provider makes anew when it changes, of what our programs use. */
const REPLACES = new Set(['location', 'region', 'project', 'name', 'repositoryId', 'network', 'deployedIndexId']);

/** Where our programs look inside of what the cloud has answered. */
const INSIDE = {
  'gcp:container/cluster:Cluster': ({ masterAuth }, text) => ({
    masterAuth: { ...masterAuth, clusterCaCertificate: text('authority') },
  }),
  'gcp:memorystore/instance:Instance': (_inputs, text) => ({
    endpoints: [
      {
        connections: [
          { pscAutoConnection: { connectionType: 'CONNECTION_TYPE_DISCOVERY', ipAddress: text('discovery') } },
        ],
      },
    ],
  }),
};

function declarationOf(type) {
  const [room, file] = type.split(':')[1].split('/');
  // Some are spelt in their own way (iammember, iamcustomRole), whatever their type is called.
  const wanted = `${file}.d.ts`.toLowerCase();
  const found =
    existsSync(join(folder, room)) && readdirSync(join(folder, room)).find((each) => each.toLowerCase() === wanted);
  return found ? readDeclaration(join(folder, room, found), type.split(':').pop()) : undefined;
}

standIn({
  folder,
  declarationOf,
  replaces: (field) => REPLACES.has(field),
  answered: (type, name, inputs, preview) => {
    const text = (field) => (preview ? UNKNOWN : `${name}-${field}`);
    const computed = declarationOf(type).outputs.filter((field) => !(field in inputs));
    return {
      ...Object.fromEntries(computed.map((field) => [field, text(field)])),
      ...INSIDE[type]?.(inputs, text),
    };
  },
});
