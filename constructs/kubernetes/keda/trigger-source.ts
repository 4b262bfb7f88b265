import { CORRECTIONS, type Correction, TRIGGER_TYPES } from './corrections.ts';

// Writes generated-triggers.ts out of KEDA's own list of parameters. Reads and writes no file: bin/generate-triggers.mjs
// does, and a test holds what is checked in against what comes out here.

/** KEDA's `schema/generated/scalers-schema.json`, as far as it is read here. */
export interface ScalersSchema {
  readonly kedaVersion: string;
  readonly scalers: readonly { readonly type: string; readonly parameters: readonly ListedParameter[] }[];
}

interface ListedParameter {
  readonly name: string;
  readonly optional?: boolean;
  readonly default?: string;
  readonly allowedValue?: readonly string[];
  readonly metadataVariableReadable?: boolean;
  readonly triggerAuthenticationVariableReadable?: boolean;
}

interface Field {
  readonly name: string;
  readonly type: readonly string[];
  readonly optional: boolean;
  /** As KEDA reads it where it is not stated. */
  readonly ifLeftOut: string | undefined;
  readonly because: string | undefined;
}

/**
 * The types of all triggers as one TypeScript file.
 *
 * @param digest of the file that the schema was read from: `sha256:...`
 */
export function triggerSource(schema: ScalersSchema, digest: string): string {
  const triggers = TRIGGER_TYPES.map((type) => {
    const listed = schema.scalers.find((scaler) => scaler.type === type)?.parameters ?? [];
    return { type, name: pascal(type), ...sorted(listed, CORRECTIONS[type] ?? {}) };
  });
  const byType = (suffix: string) =>
    triggers.map(({ type, name }) => `  readonly ${/-/.test(type) ? quoted(type) : type}: ${name}${suffix};`);
  return [
    "// Made by `npm run generate:triggers` from KEDA's own list of the parameters of its triggers and from corrections.ts.",
    `// KEDA ${schema.kedaVersion}, scalers-schema.json ${digest}`,
    '',
    ...triggers.flatMap(({ type, name, fields, credentials }) => [
      `/** What may stand in a manifest of a \`${type}\` trigger. KEDA reads every parameter as text. */`,
      `export interface ${name}Metadata {`,
      ...fields.flatMap(lines),
      '}',
      '',
      `/** What a \`${type}\` trigger takes from a TriggerAuthentication only. */`,
      ...declared(
        `export type ${name}Credential =`,
        '',
        credentials.length === 0 ? ['never'] : credentials.map(quoted),
      ),
      '',
    ]),
    'export interface TriggerMetadata {',
    ...byType('Metadata'),
    '}',
    '',
    'export interface TriggerCredential {',
    ...byType('Credential'),
    '}',
    '',
    'export type TriggerType = keyof TriggerMetadata;',
    '',
  ].join('\n');
}

/** The parameters of one trigger: fields of its manifest, and what comes by a TriggerAuthentication. */
function sorted(listed: readonly ListedParameter[], corrections: Readonly<Record<string, Correction>>) {
  const added = Object.entries(corrections);
  const known = listed.filter(({ name }) => corrections[name]?.as !== 'left-out');
  const isCredential = ({ name, ...readable }: ListedParameter): boolean =>
    corrections[name]?.as === 'credential' ||
    (readable.triggerAuthenticationVariableReadable === true && readable.metadataVariableReadable !== true);
  return {
    fields: [
      ...known
        .filter((parameter) => !isCredential(parameter))
        .map((parameter) => fieldOf(parameter, corrections[parameter.name])),
      ...added
        .filter(([, { as }]) => as === 'added')
        .map(([name, correction]) => fieldOf({ name, optional: true }, correction)),
    ],
    credentials: [
      ...known.filter(isCredential).map(({ name }) => name),
      ...added.filter(([, { as }]) => as === 'added-credential').map(([name]) => name),
    ],
  };
}

function fieldOf(parameter: ListedParameter, correction: Correction | undefined): Field {
  const listed = parameter.default === 'true' || parameter.default === 'false' ? ['true', 'false'] : undefined;
  const values = correction?.values ?? parameter.allowedValue ?? listed;
  return {
    name: parameter.name,
    type: values?.map(quoted) ?? ['string'],
    optional: correction?.as !== 'demanded' && (parameter.optional === true || parameter.default !== undefined),
    ifLeftOut: parameter.default,
    because: correction?.because,
  };
}

function lines({ name, type, optional, ifLeftOut, because }: Field): readonly string[] {
  const comment = [
    ...(because === undefined ? [] : [`${because[0]?.toUpperCase()}${because.slice(1)}.`]),
    ...(optional ? [`@default ${ifLeftOut === undefined ? '- none' : quoted(ifLeftOut)}`] : []),
  ].join(' ');
  return [
    ...(comment === '' ? [] : [`  /** ${comment} */`]),
    ...declared(`  readonly ${name}${optional ? '?' : ''}:`, '  ', type),
  ];
}

const WIDTH = 120;

/** A union in one line, or one member a line where it is too long: as the formatter has it. */
function declared(head: string, indent: string, members: readonly string[]): readonly string[] {
  const line = `${head} ${members.join(' | ')};`;
  if (line.length <= WIDTH) return [line];
  return [head, ...members.map((each, at) => `${indent}  | ${each}${at === members.length - 1 ? ';' : ''}`)];
}

const quoted = (text: string): string => `'${text}'`;
const pascal = (type: string): string =>
  type
    .split('-')
    .map((word) => `${word[0]?.toUpperCase()}${word.slice(1)}`)
    .join('');
