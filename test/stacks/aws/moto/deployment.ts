import type { Answer, MotoServer } from '../../../helpers/moto-server.ts';
import { ACCOUNT, COVERAGE, type Coverage } from './coverage.ts';

type Json = Readonly<Record<string, unknown>>;

interface Resource {
  readonly Type: string;
  readonly Properties?: Json;
  readonly DependsOn?: string | readonly string[];
}

interface Template {
  readonly Resources?: Readonly<Record<string, Resource>>;
  readonly Outputs?: Readonly<Record<string, Json>>;
}

type Call = Extract<Coverage, { readonly by: 'call' }>;

type Texts = Readonly<Record<string, string>>;

const RULE = 'AWS::EC2::SecurityGroupIngress';
const ABSENT = 'arn:aws:absent:';
/** Stands where a template names what moto cannot make. */
const absent = (logicalId: string): string => `${ABSENT}eu-central-1:${ACCOUNT}:${logicalId}/0/0`;

/** What was made of one template. */
export interface Deployment {
  /** Ids of what was made, by the logical ones. */
  readonly ids: ReadonlyMap<string, string>;
  /** Properties of templates that a call has no name for, as `type property`. */
  readonly left: readonly string[];
}

/**
 * Makes in moto what it can of a template, in the order in which its resources refer to each other: as a stack those types
 * that its CloudFormation knows, by their own calls those whose service alone it knows. A reference to what it cannot make
 * becomes a text: so nothing that stands here says that such a resource fits to the others.
 */
export async function deploy(moto: MotoServer, name: string, template: Template): Promise<Deployment> {
  const values = new Values(moto);
  const left: string[] = [];
  const waiting = new Map(Object.entries(template.Resources ?? {}).filter(([, { Type }]) => byOf(Type) !== 'nothing'));
  for (let layer = 1; waiting.size > 0; layer++) {
    const ready = new Set(readyOf(waiting));
    if (ready.size === 0) throw new Error(`${[...waiting.keys()].join(', ')} refer to each other`);
    const resources = [...waiting].filter(([id]) => ready.has(id));
    for (const id of ready) waiting.delete(id);
    const inStack = resources.filter(([, { Type }]) => byOf(Type) === 'stack');
    if (inStack.length > 0) await createStack(moto, `${name}-${layer}`, template, new Map(inStack), values);
    for (const [id, resource] of resources) {
      const call = COVERAGE[resource.Type];
      if (call?.by !== 'call') continue;
      const properties = (await values.settled(parametersOf(id, resource, call))) as Answer;
      const reply = await moto.create(call.service, call.operation, properties);
      left.push(...reply.left.map((property) => `${resource.Type} ${property}`));
      values.ids.set(id, String(call.ref === undefined ? properties[call.name ?? ''] : at(reply.answer, call.ref)));
      for (const [attribute, path] of Object.entries(call.attributes ?? {}))
        values.attributes.set(`${id}.${attribute}`, String(at(reply.answer, path)));
    }
  }
  return { ids: values.ids, left };
}

const byOf = (type: string): Coverage['by'] => COVERAGE[type]?.by ?? 'nothing';

/**
 * Logical ids whose turn it is: calls that wait for nothing, or else everything for stacks that waits for no call, which
 * may refer to each other.
 */
function readyOf(waiting: ReadonlyMap<string, Resource>): readonly string[] {
  const blocked = new Set<string>();
  const calls = [...waiting].filter(([, { Type }]) => byOf(Type) === 'call').map(([id]) => id);
  let before: number;
  do {
    before = blocked.size;
    for (const [id, { Properties }] of waiting)
      if (namesIn(Properties).some((each) => blocked.has(each) || calls.includes(each))) blocked.add(id);
  } while (blocked.size > before);
  const stacked = [...waiting.keys()].filter((id) => !calls.includes(id) && !blocked.has(id));
  return stacked.length > 0
    ? stacked
    : calls.filter((id) => namesIn(waiting.get(id)?.Properties).every((each) => !waiting.has(each)));
}

/** One stack of some resources; what it knows of them afterwards goes to the values. */
async function createStack(
  moto: MotoServer,
  name: string,
  template: Template,
  resources: ReadonlyMap<string, Resource>,
  values: Values,
): Promise<void> {
  const asked = new Map(
    attributesIn(template.Resources ?? {})
      .filter(([id]) => resources.has(id))
      .map((each, index) => [each.join('.'), { output: `Asked${index}`, value: { 'Fn::GetAtt': each } }]),
  );
  const exported = Object.entries(template.Outputs ?? {}).filter(([, output]) =>
    namesIn(output).every((id) => resources.has(id)),
  );
  const parts = await Promise.all(
    [...resources].map(async ([id, resource]) => [id, await inStackOf(resource, resources, values)] as const),
  );
  const body = {
    // A group that is not there can have no rules: the one that EKS makes for its control plane.
    Resources: Object.fromEntries(
      parts.filter(([, part]) => part['Type'] !== RULE || !JSON.stringify(part).includes(ABSENT)),
    ),
    Outputs: Object.fromEntries([
      ...exported,
      ...[...asked.values()].map(({ output, value }) => [output, { Value: value }]),
    ]),
  };
  await moto.ask('cloudformation', 'create_stack', { StackName: name, TemplateBody: JSON.stringify(body) });
  const { StackResourceSummaries } = await moto.ask('cloudformation', 'list_stack_resources', { StackName: name });
  for (const { LogicalResourceId = '', PhysicalResourceId = '' } of StackResourceSummaries as readonly Texts[])
    if (PhysicalResourceId !== '') values.ids.set(LogicalResourceId, PhysicalResourceId);
  const { Stacks } = await moto.ask('cloudformation', 'describe_stacks', { StackName: name });
  const [{ Outputs = [] } = {}] = Stacks as readonly { readonly Outputs?: readonly Texts[] }[];
  for (const [attribute, { output }] of asked) {
    const value = Outputs.find(({ OutputKey }) => OutputKey === output)?.['OutputValue'];
    if (value !== undefined) values.attributes.set(attribute, value);
  }
}

/** A resource that refers to others of its stack as before, and to the rest by what they are. */
async function inStackOf(
  { Type, Properties = {}, DependsOn = [] }: Resource,
  stack: ReadonlyMap<string, Resource>,
  values: Values,
): Promise<Json> {
  // The tags of a key go by other names in the call, which moto's CloudFormation does not know.
  const { Tags, ...others } = Properties;
  const own = Type === 'AWS::KMS::Key' || Tags === undefined ? others : Properties;
  return {
    Type,
    Properties: await values.settled(own, (id) => stack.has(id)),
    DependsOn: [DependsOn].flat().filter((id) => stack.has(id)),
  };
}

function parametersOf(
  id: string,
  { Properties = {} }: Resource,
  { name, renamed = {}, given = {}, without = [] }: Call,
): Json {
  const own = Object.entries(Properties)
    .filter(([property]) => !without.includes(property))
    .map(([property, value]) => [renamed[property] ?? property, value] as const);
  return {
    ...(name === undefined || Properties[name] !== undefined ? {} : { [name]: id.toLowerCase() }),
    ...given,
    ...Object.fromEntries(own),
  };
}

/** Values of what is known by now, in place of the functions of CloudFormation that ask for them. */
class Values {
  readonly ids = new Map<string, string>();
  /** By `<logical id>.<attribute>`. */
  readonly attributes = new Map<string, string>();
  readonly #moto: MotoServer;

  constructor(moto: MotoServer) {
    this.#moto = moto;
  }

  /** @param open true for those that stay as they are, functions around them included */
  async settled(value: unknown, open: (id: string) => boolean = () => false): Promise<unknown> {
    if (Array.isArray(value)) return Promise.all(value.map((each) => this.settled(each, open)));
    if (value === null || typeof value !== 'object') return value;
    const [[key, inner] = ['', undefined], ...others] = Object.entries(value);
    const settled = async (): Promise<Json> =>
      Object.fromEntries(
        await Promise.all(
          Object.entries(value).map(async ([name, each]) => [name, await this.settled(each, open)] as const),
        ),
      );
    if (others.length > 0 || !/^(Ref|Fn::.*)$/.test(key)) return settled();
    if (namesIn(value).some(open)) return key === 'Ref' || key === 'Fn::GetAtt' ? value : settled();
    if (key === 'Ref') return PSEUDO[inner as string] ?? this.ids.get(inner as string) ?? absent(inner as string);
    if (key === 'Fn::GetAtt') {
      const [id, attribute] = inner as readonly [string, string];
      return this.attributes.get(`${id}.${attribute}`) ?? absent(id);
    }
    const argument = await this.settled(inner, open);
    if (key === 'Fn::ImportValue') return this.#exported(argument as string);
    const [first, second] = argument as readonly [string | number, unknown];
    if (key === 'Fn::Join') return (second as readonly string[]).join(String(first));
    if (key === 'Fn::Split') return String(second).split(String(first));
    if (key === 'Fn::Sub')
      return (argument as string).replaceAll(/\$\{([\w:]+)\}/g, (_, name) => PSEUDO[name] ?? absent(name));
    if (key === 'Fn::Select') return (second as readonly unknown[])[Number(first)];
    throw new Error(`${key} is not known here`);
  }

  async #exported(name: string): Promise<string> {
    const { Exports } = await this.#moto.ask('cloudformation', 'list_exports');
    const found = (Exports as readonly Texts[]).find(({ Name }) => Name === name);
    if (found?.['Value'] === undefined) throw new Error(`no stack exports ${name}`);
    return found['Value'];
  }
}

const PSEUDO: Readonly<Record<string, string>> = {
  'AWS::AccountId': ACCOUNT,
  'AWS::Partition': 'aws',
  'AWS::Region': 'eu-central-1',
  'AWS::URLSuffix': 'amazonaws.com',
};

/** Logical ids that a value refers to. */
function namesIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(namesIn);
  if (value === null || typeof value !== 'object') return [];
  const { Ref, 'Fn::GetAtt': attribute } = value as { Ref?: string; 'Fn::GetAtt'?: readonly [string, string] };
  if (Ref !== undefined) return Ref.startsWith('AWS::') ? [] : [Ref];
  return attribute === undefined ? Object.values(value).flatMap(namesIn) : [attribute[0]];
}

function attributesIn(value: unknown): readonly (readonly [string, string])[] {
  if (Array.isArray(value)) return value.flatMap(attributesIn);
  if (value === null || typeof value !== 'object') return [];
  const { 'Fn::GetAtt': attribute } = value as { 'Fn::GetAtt'?: readonly [string, string] };
  return attribute === undefined ? Object.values(value).flatMap(attributesIn) : [attribute];
}

const at = (answer: unknown, path: string): unknown =>
  path.split('.').reduce<unknown>((inner, key) => (inner as Json | undefined)?.[key], answer);
