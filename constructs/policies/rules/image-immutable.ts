import { isImmutableImage } from '../../image-text.ts';
import { containersOf, type PodSpec } from '../manifest.ts';
import { podPolicy } from '../policy.ts';

const volumeImages = (pod: PodSpec): readonly string[] =>
  (pod.volumes ?? []).flatMap((volume) => {
    const image = volume['image'] as { readonly reference?: string } | undefined;
    return image === undefined ? [] : [image.reference ?? '(none)'];
  });

/** Rule 35, and 49 for the weights of a model. */
export const imageImmutable = podPolicy(
  {
    id: 'image-immutable',
    rules: [35, 49],
    source: 'kube-score, kube-linter',
    reason: 'a tag that moves gives two pods of one revision different programs, and a rollback that changes nothing',
  },
  (pod) =>
    [...containersOf(pod).map(({ image }) => image ?? '(none)'), ...volumeImages(pod)].map(
      (image) => !isImmutableImage(image) && `image ${image} may move, expected a digest or an immutable tag`,
    ),
);
