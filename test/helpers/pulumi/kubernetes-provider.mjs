// A stand-in for the provider of Kubernetes: it knows the kinds of Kubernetes itself by the package, and takes others as
// they are.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { resolve } from './protocol.mjs';
import { readDeclaration, standIn } from './stand-in.mjs';

const folder = dirname(resolve('@pulumi/kubernetes/package.json'));

/** `kubernetes:networking.k8s.io/v1:NetworkPolicy` is in `networking/v1/networkPolicy.d.ts`. */
function declarationOf(type) {
  const [, group, name] = type.split(':');
  const [domain, version] = group.split('/');
  const file = join(folder, domain.split('.')[0], version, `${name[0].toLowerCase()}${name.slice(1)}.d.ts`);
  if (existsSync(file)) return readDeclaration(file, name);
  return { args: undefined, required: ['apiVersion', 'kind', 'metadata'], outputs: [] };
}

/** An object under another name, or in another namespace, is another object. */
const addressOf = ({ name, namespace } = {}) => `${namespace ?? ''}/${name}`;

standIn({
  folder,
  declarationOf,
  replaces: (field, before, after) =>
    ['apiVersion', 'kind'].includes(field) || (field === 'metadata' && addressOf(before) !== addressOf(after)),
  answered: () => ({}),
  idOf: (name, { metadata }) => (metadata === undefined ? name : addressOf(metadata)),
});
