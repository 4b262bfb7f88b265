import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { stringify } from 'yaml';
import type { Manifest } from '../../constructs/policies/index.ts';
import type { Requirement } from './requirement.ts';

/** PENSTOCK_KUBE_SCORE, else `kube-score` on PATH. */
function findKubeScore(): string | undefined {
  const named = process.env['PENSTOCK_KUBE_SCORE'];
  const onPath = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'kube-score'));
  return (named === undefined ? onPath : [named]).find(existsSync);
}

/** For `describeWith`. */
export const kubeScoreRequirement = (): Requirement => ({
  name: 'kube-score',
  available: findKubeScore() !== undefined,
  howToGet:
    'put kube-score on PATH, or name it in PENSTOCK_KUBE_SCORE; `.ci/peers/kube-score.sh <folder>` builds it and prints its path',
});

/** Something that kube-score calls critical. */
export interface Critical {
  /** Id of the check. */
  readonly check: string;
  readonly namespace: string;
  /** `Kind/name`. */
  readonly object: string;
  readonly comments: readonly string[];
}

interface Scored {
  readonly type_meta: { readonly kind: string };
  readonly object_meta: { readonly name: string; readonly namespace?: string };
  readonly checks:
    | readonly {
        readonly check: { readonly id: string };
        readonly grade: number;
        readonly skipped: boolean;
        readonly comments: readonly { readonly summary: string }[] | null;
      }[]
    | null;
}

const CRITICAL = 1;

/** All that kube-score calls critical of some manifests. */
export function criticalsOf(manifests: readonly Manifest[]): readonly Critical[] {
  const { stdout, stderr, error } = spawnSync(findKubeScore() as string, ['score', '-o', 'json', '-'], {
    input: manifests.map((manifest) => stringify(manifest)).join('---\n'),
    encoding: 'utf8',
    maxBuffer: 512 * 1024 * 1024,
  });
  if (error !== undefined || !stdout.startsWith('[')) throw new Error(`kube-score failed: ${error ?? stderr}`);
  return (JSON.parse(stdout) as readonly Scored[]).flatMap(({ type_meta, object_meta, checks }) =>
    (checks ?? [])
      .filter(({ grade, skipped }) => grade === CRITICAL && !skipped)
      .map(({ check, comments }) => ({
        check: check.id,
        namespace: object_meta.namespace ?? '',
        object: `${type_meta.kind}/${object_meta.name}`,
        comments: (comments ?? []).map(({ summary }) => summary),
      })),
  );
}
