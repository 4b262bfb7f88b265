import { parseAllDocuments } from 'yaml';
import type { Manifest } from '../../constructs/policies/index.ts';
import { definitionTexts } from './manifests.ts';

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly 'x-kubernetes-validations'?: readonly { readonly rule: string }[];
}
interface Definition {
  readonly spec: {
    readonly names: { readonly kind: string };
    readonly versions: readonly { readonly name: string; readonly schema: { readonly openAPIV3Schema: Schema } }[];
  };
}
type Fields = Readonly<Record<string, unknown>>;

/** What Strimzi's definitions say in CEL, in our own words: nothing here evaluates CEL. */
const RULES: Readonly<Record<string, (self: Fields) => boolean>> = {
  '(has(self.type) && self.type != "topology-label") || self.topologyKey != ""': ({ type, topologyKey }) =>
    (type !== undefined && type !== 'topology-label') || topologyKey !== '',
  'has(self.type) == false || self.type != "environment-variable" || self.envVarName != ""': ({ type, envVarName }) =>
    type === undefined || type !== 'environment-variable' || envVarName !== '',
  "self.type != 'jmxPrometheusExporter' || has(self.valueFrom)": ({ type, valueFrom }) =>
    type !== 'jmxPrometheusExporter' || valueFrom !== undefined,
  "self.type == 'tls' || (!has(self.validityDays) && !has(self.renewalDays))": ({ type, validityDays, renewalDays }) =>
    type === 'tls' || (validityDays === undefined && renewalDays === undefined),
  "self.type != 'tls' || (has(self.renewalDays) == has(self.validityDays))": ({ type, validityDays, renewalDays }) =>
    type !== 'tls' || (renewalDays === undefined) === (validityDays === undefined),
  "self.type != 'tls' || !has(self.renewalDays) || !has(self.validityDays) || self.renewalDays < self.validityDays": ({
    type,
    validityDays,
    renewalDays,
  }) =>
    type !== 'tls' ||
    renewalDays === undefined ||
    validityDays === undefined ||
    Number(renewalDays) < Number(validityDays),
};

const definitions = new Map<string, Schema>();

function schemaOf(kind: string): Schema {
  if (definitions.size === 0) {
    for (const text of definitionTexts('strimzi')) {
      for (const document of parseAllDocuments(text)) {
        const { spec } = document.toJS() as Definition;
        const served = spec.versions.find(({ name }) => name === 'v1');
        if (served !== undefined) definitions.set(spec.names.kind, served.schema.openAPIV3Schema);
      }
    }
  }
  const schema = definitions.get(kind);
  if (schema === undefined) throw new Error(`no definition of ${kind}`);
  return schema;
}

/** The rules that apply to an object, and those of them that it breaks; throws at a rule it has no words for. */
export function celOf(manifest: Manifest): { readonly applied: readonly string[]; readonly broken: readonly string[] } {
  const applied: string[] = [];
  const broken: string[] = [];
  const walk = (schema: Schema | undefined, value: unknown): void => {
    if (schema === undefined || value === null || typeof value !== 'object') return;
    for (const { rule } of schema['x-kubernetes-validations'] ?? []) {
      const holds = RULES[rule];
      if (holds === undefined) throw new Error(`a rule that is not known here: ${rule}`);
      applied.push(rule);
      if (!holds(value as Fields)) broken.push(rule);
    }
    if (Array.isArray(value)) for (const each of value) walk(schema.items, each);
    else for (const [key, each] of Object.entries(value)) walk(schema.properties?.[key], each);
  };
  walk(schemaOf(manifest.kind), manifest);
  return { applied, broken };
}
