import { expect, test } from '@jest/globals';
import { checkManifests, type Manifest } from '../../../constructs/policies/index.ts';
import { suppressionsIn } from '../../../constructs/suppression.ts';
import { environments } from '../../../stacks/environments/index.ts';
import { synthesizeKubernetes } from '../../../stacks/kubernetes/synthesize.ts';
import { platform } from '../../../stacks/platform.ts';
import { type Critical, criticalsOf, kubeScoreRequirement } from '../../helpers/kube-score.ts';
import { describeWith } from '../../helpers/requirement.ts';
import { isLeaf, mutantOf, placesOf } from './mutant.ts';

/** Where we hold another opinion than kube-score, and why. */
const OPINIONS: Readonly<Record<string, { readonly about: RegExp; readonly because: string }>> = {
  'container-image-pull-policy': {
    about: /ImagePullPolicy/,
    because:
      'image-immutable lets in digests and immutable tags only: a second pull brings the same image, and needs the registry',
  },
  'container-resources': {
    about: /^CPU limit is not set$/,
    because: 'a limit on the processor throttles p99; requests share it fairly, and memory has its limit',
  },
};
/** Our name of a check of kube-score that an object may be taken out of, with its reason. */
const SAME: Readonly<Record<string, string>> = { 'deployment-has-poddisruptionbudget': 'disruption-budget' };

const prod = synthesizeKubernetes(platform, environments.prod);

const isOpinion = ({ check, comments }: Critical): boolean =>
  comments.every((comment) => OPINIONS[check]?.about.test(comment) === true);

const isSuppressed = ({ check, object }: Critical): boolean =>
  prod.some(
    ({ kind, metadata }) =>
      `${kind}/${metadata.name}` === object && suppressionsIn(metadata.annotations).has(SAME[check] ?? ''),
  );

const serious = (criticals: readonly Critical[]): readonly Critical[] =>
  criticals.filter((critical) => !isOpinion(critical) && !isSuppressed(critical));

/** The same objects in a namespace of their own, so that one run judges many copies apart from each other. */
const inNamespace = (manifests: readonly Manifest[], namespace: string): readonly Manifest[] =>
  manifests.map((manifest) => ({ ...manifest, metadata: { ...manifest.metadata, namespace } }));

describeWith(kubeScoreRequirement(), 'kube-score, whose opinions are not ours,', () => {
  test('calls nothing of production critical, but where a reason stands here or on the object', () => {
    const criticals = criticalsOf(prod);
    expect(serious(criticals)).toEqual([]);
    expect(Object.keys(OPINIONS).filter((id) => !criticals.some(({ check }) => check === id))).toEqual([]);
  });

  test('calls nothing critical that the policies let pass, whatever is deleted', () => {
    const judged = prod.filter(({ kind }) =>
      ['Deployment', 'StatefulSet', 'PodDisruptionBudget', 'Service', 'NetworkPolicy'].includes(kind),
    );
    const mutants = placesOf(judged)
      .filter(isLeaf)
      .map((place, index) => ({ place, namespace: `mutant-${index}` }));
    const criticals = serious(
      criticalsOf(mutants.flatMap(({ place, namespace }) => inNamespace(mutantOf(place), namespace))),
    );
    const condemned = mutants.filter(({ namespace }) => criticals.some((each) => each.namespace === namespace));
    expect(condemned.length).toBeGreaterThan(20);
    const passed = condemned.filter(({ place }) => checkManifests(mutantOf({ ...place, all: prod })).length === 0);
    expect(
      passed.map(({ place, namespace }) => [
        place.field,
        criticals.filter((each) => each.namespace === namespace).map(({ check }) => check),
      ]),
    ).toEqual([]);
  });
});
