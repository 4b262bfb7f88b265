import { type CelInput, CelScalar, celEnv, celMethod, isCelError, parse, plan } from '@bufbuild/cel';
import { strings } from '@bufbuild/cel/ext';

// The rules that definitions carry beside their schemas (`x-kubernetes-validations`), evaluated as the API server does:
// with its defaults in place, and only for what is there. Rules about a change of an object need an object before; they are left out.

type Json = { readonly [key: string]: Json } | readonly Json[] | string | number | boolean | null;

export interface CelSchema {
  readonly type?: string;
  readonly default?: Json;
  readonly properties?: Readonly<Record<string, CelSchema>>;
  readonly additionalProperties?: CelSchema | boolean;
  readonly items?: CelSchema;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-validations'?: readonly { readonly rule: string; readonly message?: string }[];
}

/** Of the functions that Kubernetes adds to CEL, those that the definitions use on what we emit. */
const environment = celEnv({
  funcs: [
    ...strings,
    celMethod('find', CelScalar.STRING, [CelScalar.STRING], CelScalar.STRING, function (pattern) {
      return new RegExp(pattern).exec(this)?.[0] ?? '';
    }),
  ],
});
const programs = new Map<string, ReturnType<typeof plan>>();

/** What is wrong with a value by the rules of its schema; a rule that cannot be evaluated is at fault too. */
export function celFaultsOf(schema: CelSchema, value: Json, path = ''): readonly string[] {
  const whole = defaulted(schema, value);
  const self = typed(schema, whole);
  const own = (schema['x-kubernetes-validations'] ?? [])
    .filter(({ rule }) => !/\boldSelf\b/.test(rule))
    .flatMap(({ rule, message }) => {
      const verdict = evaluate(rule, self);
      return verdict === true ? [] : [`${path} ${message ?? rule}${verdict === false ? '' : ` (${verdict})`}`];
    });
  return [
    ...own,
    ...innerOf(schema, whole).flatMap(([key, inner, part]) => celFaultsOf(inner, part, `${path}/${key}`)),
  ];
}

function evaluate(rule: string, self: CelInput): boolean | string {
  const program = programs.get(rule) ?? plan(environment, parse(rule));
  programs.set(rule, program);
  const verdict = program({ self });
  return isCelError(verdict) ? verdict.message : (verdict as boolean);
}

/** The parts of a value that have a schema of their own. */
function innerOf(schema: CelSchema, value: Json): readonly (readonly [key: string, schema: CelSchema, value: Json])[] {
  if (Array.isArray(value)) {
    const { items } = schema;
    return items === undefined ? [] : (value as readonly Json[]).map((part, index) => [String(index), items, part]);
  }
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, part]) => {
    const inner = schema.properties?.[key] ?? schema.additionalProperties;
    return inner === undefined || typeof inner === 'boolean' ? [] : [[key, inner, part] as const];
  });
}

function defaulted(schema: CelSchema, value: Json): Json {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  const missing = Object.entries(schema.properties ?? {}).filter(
    ([key, inner]) => !Object.hasOwn(value, key) && inner.default !== undefined,
  );
  return { ...value, ...Object.fromEntries(missing.map(([key, inner]) => [key, inner.default as Json])) };
}

/** As CEL has it: whole numbers are integers of their own, however deep they lie. */
function typed(schema: CelSchema, value: Json): CelInput {
  if (typeof value === 'number') {
    const whole = schema.type === 'integer' || schema['x-kubernetes-int-or-string'] === true;
    return whole ? BigInt(value) : value;
  }
  if (Array.isArray(value)) return (value as readonly Json[]).map((part) => typed(schema.items ?? {}, part));
  if (value === null || typeof value !== 'object') return value;
  const whole = defaulted(schema, value) as Readonly<Record<string, Json>>;
  const additional = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : {};
  return Object.fromEntries(
    Object.entries(whole).map(([key, part]) => [key, typed(schema.properties?.[key] ?? additional, part)]),
  );
}
