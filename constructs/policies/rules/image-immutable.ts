import { isImmutableImage } from '../../image-text.ts';
import { containersOf, type Manifest, type PodSpec, podsOf } from '../manifest.ts';
import type { Policy } from '../policy.ts';

const volumeImages = (pod: PodSpec): readonly string[] =>
  (pod.volumes ?? []).flatMap((volume) => {
    const image = volume['image'] as { readonly reference?: string } | undefined;
    return image === undefined ? [] : [image.reference ?? '(none)'];
  });

/** The images of the pods that operators make, where their resources name them: a path by kind and group. */
const OPERATORS: Readonly<Record<string, readonly string[]>> = {
  'RabbitmqCluster rabbitmq.com': ['image'],
  'Cluster postgresql.cnpg.io': ['imageName'],
  'Pooler postgresql.cnpg.io': ['pgbouncer', 'image'],
};

const operatorImages = (manifest: Manifest): readonly string[] => {
  const path = OPERATORS[`${manifest.kind} ${manifest.apiVersion.split('/')[0]}`];
  if (path === undefined) return [];
  const image = path.reduce<unknown>(
    (inner, key) => (inner as Record<string, unknown> | undefined)?.[key],
    manifest['spec'],
  );
  return [typeof image === 'string' ? image : '(none)'];
};

/** Rule 35, and 49 for the weights of a model. */
export const imageImmutable: Policy = {
  id: 'image-immutable',
  rules: [35, 49],
  source: 'kube-score, kube-linter',
  reason: 'a tag that moves gives two pods of one revision different programs, and a rollback that changes nothing',
  check: (manifest) =>
    [
      ...podsOf(manifest).flatMap((pod) => [
        ...containersOf(pod).map(({ image }) => image ?? '(none)'),
        ...volumeImages(pod),
      ]),
      ...operatorImages(manifest),
    ]
      .filter((image) => !isImmutableImage(image))
      .map((image) => `image ${image} may move, expected a digest or an immutable tag`),
};
