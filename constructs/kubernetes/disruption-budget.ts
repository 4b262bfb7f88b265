import { k8s } from 'cdk8s-plus-28';

/** Lets a drain take one pod at a time, and one that is not healthy at once: it carries nothing and must not hold up its node. */
export const oneAtATime = (metadata: k8s.ObjectMeta, matchLabels: Readonly<Record<string, string>>): unknown =>
  k8s.KubePodDisruptionBudget.manifest({
    metadata,
    spec: {
      maxUnavailable: k8s.IntOrString.fromNumber(1),
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
      selector: { matchLabels },
    },
  });
