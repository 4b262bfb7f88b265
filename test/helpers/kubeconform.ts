import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { stringify } from 'yaml';
import type { Manifest } from '../../constructs/policies/index.ts';
import type { ApiSchemas } from './manifests.ts';
import type { Requirement } from './requirement.ts';

/** PENSTOCK_KUBECONFORM, else `kubeconform` on PATH. */
function findKubeconform(): string | undefined {
  const named = process.env['PENSTOCK_KUBECONFORM'];
  const onPath = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'kubeconform'));
  return (named === undefined ? onPath : [named]).find(existsSync);
}

/** For `describeWith`. */
export const kubeconformRequirement = (): Requirement => ({
  name: 'kubeconform',
  available: findKubeconform() !== undefined,
  howToGet:
    'put kubeconform on PATH, or name it in PENSTOCK_KUBECONFORM; `.ci/peers/kubeconform.sh <folder>` builds it and prints its path',
});

/** What kubeconform says of some manifests. */
export interface Conformity {
  /** Objects that it found a schema for and nothing wrong with. */
  readonly valid: number;
  /** One text an object that is not valid, or whose kind is not known. */
  readonly faults: readonly string[];
}

interface Report {
  readonly resources: readonly { readonly kind: string; readonly name: string; readonly msg: string }[];
  readonly summary: { readonly valid: number };
}

/** Where kubeconform looks for the schema of a kind; without a group, the version stands in its place too. */
const LAYOUT = '{{ .ResourceKind }}-{{ .Group }}-{{ .ResourceAPIVersion }}.json';

function fileNameOf({ apiVersion, kind }: Manifest): string {
  const [group = '', version = group] = apiVersion.split('/');
  return `${kind.toLowerCase()}-${group}-${version}.json`;
}

/** Holds manifests against the given schemas, unknown fields and repeated keys refused. Fetches nothing. */
export function conformityOf(manifests: readonly Manifest[], schemas: ApiSchemas): Conformity {
  const folder = mkdtempSync(join(tmpdir(), 'penstock-schemas-'));
  try {
    for (const [file, [manifest]] of Map.groupBy(manifests, fileNameOf)) {
      const schema = schemas.wholeSchemaOf(manifest as Manifest);
      if (schema !== undefined) writeFileSync(join(folder, file), JSON.stringify(schema));
    }
    const args = ['-strict', '-summary', '-output', 'json', '-schema-location', join(folder, LAYOUT), '-'];
    const { stdout, stderr, error } = spawnSync(findKubeconform() as string, args, {
      input: manifests.map((manifest) => stringify(manifest)).join('---\n'),
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    });
    if (error !== undefined || !stdout.startsWith('{')) throw new Error(`kubeconform failed: ${error ?? stderr}`);
    const { resources, summary } = JSON.parse(stdout) as Report;
    return { valid: summary.valid, faults: resources.map(({ kind, name, msg }) => `${kind}/${name} ${msg}`) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
