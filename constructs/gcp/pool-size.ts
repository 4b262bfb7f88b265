import { fingerprintOf } from '@penstock/model';
import { ConstructError } from '../errors.ts';

/** A number that stays, or one that follows the pods. */
export type PoolSize =
  | { readonly count: number; readonly max?: never }
  | {
      /** Over all zones. @default 0 */
      readonly min?: number;
      /** Over all zones. */
      readonly max: number;
      readonly count?: never;
    };

/** What a pool is given for its size. */
export function poolSize(path: string, size: PoolSize | { readonly max: number }) {
  const { count, min = 0, max = 0 }: { readonly count?: number; readonly min?: number; readonly max?: number } = size;
  if (count !== undefined && max > 0)
    throw contradict(`${path}.size`, 'received a count and a maximum, expected a number that stays or one that moves');
  if (count !== undefined) return { nodeCount: count };
  if (!(max >= 1 && min <= max))
    throw contradict(`${path}.size`, `received ${min} to ${max} nodes, expected a maximum of 1 or more, and no less`);
  return {
    initialNodeCount: 0,
    // Wherever there is one: devices are short in one zone while the next has them.
    autoscaling: { totalMinNodeCount: min, totalMaxNodeCount: max, locationPolicy: 'ANY' },
  };
}

/** Longest name of a pool. */
const NAME_LIMIT = 40;

/** The name of a pool ends in a fingerprint of whatever GKE cannot change about one that is there. */
export function poolName(name: string, fixed: object): string {
  const full = `${name}-${fingerprintOf(fixed).slice(0, 8)}`;
  if (full.length <= NAME_LIMIT) return full;
  throw new ConstructError(
    'name-too-long',
    name,
    `${full} has ${full.length} characters, expected ${NAME_LIMIT} at most`,
  );
}

const contradict = (path: string, rule: string): ConstructError =>
  new ConstructError('settings-contradict', path, rule);
