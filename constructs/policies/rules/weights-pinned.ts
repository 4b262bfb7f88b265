import type { Container } from '../manifest.ts';
import { containerPolicy } from '../policy.ts';

const MODEL_FLAGS: readonly string[] = ['--model', '--model-id', '--model-path', '--model-name-or-path'];
/** `organisation/name`, as a hub names a model; a path, an address and a variable are none. */
const HUB_NAME = /^[A-Za-z0-9][\w.-]*\/[\w.-]+$/;
const COMMIT = /^[0-9a-f]{40}$/;

/** Rule 49, for weights that a server fetches itself; `image-immutable` has those that come as an image. */
export const weightsPinned = containerPolicy(
  {
    id: 'weights-pinned',
    rules: [49],
    source: 'EKS Best Practices (AI/ML performance and storage)',
    reason: 'the name of a model moves with its branch: two replicas answer with different weights',
  },
  (container) => {
    const words = [...(container.command ?? []), ...(container.args ?? [])].flatMap((word) => word.split(/[\s=]+/));
    const model =
      MODEL_FLAGS.map((flag) => wordAfter(words, flag)).find((value) => value !== undefined) ??
      (words.includes('serve') ? wordAfter(words, 'serve') : undefined) ??
      variable(container, 'MODEL_ID');
    if (model === undefined || !HUB_NAME.test(model)) return [];
    const revision = wordAfter(words, '--revision') ?? variable(container, 'REVISION');
    return [
      !COMMIT.test(revision ?? '') &&
        `model ${model} is at ${revision ?? 'its main branch'}, expected a commit as revision`,
    ];
  },
);

function wordAfter(words: readonly string[], flag: string): string | undefined {
  const at = words.indexOf(flag);
  return at < 0 ? undefined : words[at + 1];
}

const variable = ({ env }: Container, wanted: string): string | undefined =>
  env?.find(({ name }) => name === wanted)?.value;
