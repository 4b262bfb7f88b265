import { isImmutableImage } from '../../image-text.ts';
import { containersOf, type Manifest, type PodSpec, podsOf, specOf } from '../manifest.ts';
import type { Policy } from '../policy.ts';

const volumeImages = (pod: PodSpec): readonly string[] =>
  (pod.volumes ?? []).flatMap((volume) => {
    const image = volume['image'] as { readonly reference?: string } | undefined;
    return image === undefined ? [] : [image.reference ?? '(none)'];
  });

/** Where the resource of an operator names the image of the pods that it makes. */
const OPERATORS: Readonly<Record<string, string>> = { RabbitmqCluster: 'image' };

const operatorImages = (manifest: Manifest): readonly string[] => {
  const field = OPERATORS[manifest.kind];
  return field === undefined ? [] : [specOf<Record<string, string>>(manifest)[field] ?? '(none)'];
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
