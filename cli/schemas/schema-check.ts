import { KitError } from '@penstock/kit';
import {
  type CompatibilityFault,
  type CompatibilityLevel,
  checkCompatibility,
  type Schema,
} from '@penstock/kit/schemas';
import type { Baseline } from './baseline.ts';
import { type FolderSchema, parsedSchema, type SchemaFolder } from './schema-folder.ts';

/** What is said of one subject. */
export interface SubjectVerdict {
  readonly subject: string;
  /** Undefined for a subject that has no file any more. */
  readonly file: string | undefined;
  readonly level: CompatibilityLevel;
  readonly state: 'new' | 'unchanged' | 'changed' | 'broken' | 'gone';
  /** Versions that it was held against. */
  readonly against: number;
  readonly faults: readonly (CompatibilityFault | { readonly message: string })[];
  readonly schema: Schema | undefined;
}

/** Holds every schema of a folder against what is there already. All faults come at once. */
export async function checkSchemas(
  folder: SchemaFolder,
  baseline: Baseline,
  otherwise: CompatibilityLevel,
): Promise<readonly SubjectVerdict[]> {
  const verdicts: SubjectVerdict[] = [];
  for (const schema of folder.schemas.values()) {
    const level = schema.level ?? (await baseline.level(schema.subject)) ?? otherwise;
    verdicts.push(verdictOf(folder, schema, baseline, level));
  }
  for (const [subject, versions] of baseline.versions) {
    if (folder.schemas.has(subject)) continue;
    const level = (await baseline.level(subject)) ?? otherwise;
    verdicts.push({
      subject,
      file: undefined,
      level,
      state: 'gone',
      against: versions.length,
      faults: [],
      schema: undefined,
    });
  }
  return verdicts;
}

function verdictOf(
  folder: SchemaFolder,
  { subject, file, ...rest }: FolderSchema,
  baseline: Baseline,
  level: CompatibilityLevel,
): SubjectVerdict {
  const versions = baseline.versions.get(subject) ?? [];
  const common = {
    subject,
    file,
    level,
    against: level.endsWith('_TRANSITIVE') ? versions.length : Math.min(versions.length, 1),
  };
  let schema: Schema;
  try {
    schema = parsedSchema(folder, { subject, file, ...rest });
  } catch (error) {
    if (!KitError.is(error, 'schema-malformed')) throw error;
    return { ...common, state: 'broken', faults: [{ message: error.message }], schema: undefined };
  }
  if (versions.length === 0) return { ...common, state: 'new', faults: [], schema };
  if (versions.at(-1)?.schema.fingerprint === schema.fingerprint)
    return { ...common, state: 'unchanged', faults: [], schema };
  const faults = checkCompatibility(level, schema, versions);
  return { ...common, state: faults.length === 0 ? 'changed' : 'broken', faults, schema };
}

/** Verdicts as aligned lines, the faults below each. */
export function verdictLines(verdicts: readonly SubjectVerdict[]): string {
  const width = Math.max(0, ...verdicts.map(({ subject }) => subject.length));
  return verdicts
    .map(({ subject, level, state, against, faults, file }) => {
      const head = `${subject.padEnd(width)}  ${state.padEnd(9)}  ${level}${against === 0 ? '' : `, held against ${against === 1 ? 'the last version' : `${against} versions`}`}\n`;
      return `${head}${faults.map((fault) => `  ${faultLines(file ?? '', fault)}`).join('')}`;
    })
    .join('');
}

function faultLines(file: string, fault: SubjectVerdict['faults'][number]): string {
  if (!('rule' in fault)) return `${file}: ${fault.message}\n`;
  const who =
    fault.direction === 'BACKWARD' ? `cannot read version ${fault.version}` : `version ${fault.version} cannot read it`;
  return `${file}${fault.path === '' ? '' : `#${fault.path}`}  [${fault.rule}]  ${who}: ${fault.message}; ${fault.repair}\n`;
}
