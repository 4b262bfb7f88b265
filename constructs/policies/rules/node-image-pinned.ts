import { specOf } from '../manifest.ts';
import { kindPolicy } from '../policy.ts';

interface NodeClassSpec {
  readonly amiSelectorTerms: readonly {
    readonly alias?: string;
    readonly id?: string;
    readonly name?: string;
    readonly ssmParameter?: string;
  }[];
}

/** `al2023@v20260801`: a family and one build of it. */
const PINNED_ALIAS = /^[a-z0-9]+@v?\d[\w.]*$/;

/** Rule 12. */
export const nodeImagePinned = kindPolicy(
  {
    id: 'node-image-pinned',
    rules: [12],
    source: 'EKS Best Practices (Karpenter)',
    reason: 'a new image of the node, and with it a new driver, reaches production the hour it is published',
  },
  ['EC2NodeClass'],
  (manifest) => {
    const terms = specOf<NodeClassSpec>(manifest).amiSelectorTerms ?? [];
    return [
      terms.length === 0 && 'names no image',
      ...terms.map(
        ({ alias, id, name, ssmParameter }) =>
          id === undefined &&
          !PINNED_ALIAS.test(alias ?? '') &&
          (name === undefined || name.includes('*')) &&
          (ssmParameter === undefined || /recommended|latest/.test(ssmParameter)) &&
          `image ${alias ?? name ?? ssmParameter ?? 'chosen by tags'} may move, expected an alias with a version`,
      ),
    ];
  },
);
