import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { type CustomResourceOptions, output, runtime } from '@pulumi/pulumi';
import type { EnvironmentKind } from '../../../constructs/gcp/environment-kind.ts';
import { COMPONENTS, type ComponentCase, type Made } from './components.ts';

interface Asked {
  readonly type: string;
  readonly name: string;
  readonly options: CustomResourceOptions;
}

interface Run {
  /** As the SDK was asked, parents and children alike. */
  readonly asked: readonly Asked[];
  /** What the component itself made, however deep. */
  readonly children: readonly Asked[];
  readonly component: Asked;
  /** `type::name` of all, in the order of the alphabet. */
  readonly urns: readonly string[];
}

/** What a cache answers with, and whoever reaches it reads. */
const ANSWERED = {
  endpoints: [
    { connections: [{ pscAutoConnection: { connectionType: 'CONNECTION_TYPE_DISCOVERY', ipAddress: '10.0.0.2' } }] },
  ],
};

const known: Made['given'] = (value) => value;

async function run(
  { token, make }: ComponentCase,
  change: Partial<Made> = {},
  preview = false,
  environment: EnvironmentKind = 'production',
): Promise<Run> {
  const asked: Asked[] = [];
  const urns: string[] = [];
  await runtime.setMocks(
    {
      newResource({ type, name, inputs }) {
        urns.push(`${type}::${name}`);
        return {
          id: `${name}-id`,
          state: { ...ANSWERED, name, email: `${name}@x.iam.gserviceaccount.com`, ...inputs },
        };
      },
      call: ({ inputs }) => ({ ...inputs, secretData: '{}' }),
    },
    'shop',
    'prod',
    preview,
  );
  try {
    const note = ({ type, name, opts }: NonNullable<Parameters<Transformation>[0]>) => {
      asked.push({ type, name, options: opts as CustomResourceOptions });
      return undefined;
    };
    make({
      name: 'made',
      environment,
      given: known,
      ...change,
      options: { ...change.options, transformations: [note] },
    });
  } finally {
    await runtime.disconnect();
  }
  const component = asked.find(({ type }) => type === `penstock:gcp:${token}`);
  if (component === undefined) throw new Error(`no ${token} among ${asked.map(({ type }) => type)}`);
  return { asked, component, children: asked.filter((each) => each !== component), urns: urns.toSorted() };
}

type Transformation = NonNullable<CustomResourceOptions['transformations']>[number];

describe.each(COMPONENTS.map((each) => [each.token, each] as const))('%s', (_token, each) => {
  test('is the parent of whatever it makes', async () => {
    const { component, children } = await run(each);
    expect(component.name).toBe('made');
    // The options reach what has it for a parent, however deep, and nothing else.
    for (const { options } of children) expect(options.parent).toBeDefined();
    if (each.token !== 'PolicySuppression') expect(children.length).toBeGreaterThan(0);
  });

  test('hands on what somebody says of it: its parent, its older names, its provider', async () => {
    const aliases = [{ name: 'formerly' }];
    const { component } = await run(each, { options: { aliases } });
    expect(component.options.aliases).toEqual(aliases);
  });

  test('has the same names every time, each beginning with its own or that of what it watches', async () => {
    const [one, two] = [await run(each), await run(each)];
    expect(one.urns).toEqual(two.urns);
    expect(new Set(one.urns).size).toBe(one.urns.length);
    if (each.namesByObject !== true) for (const { name } of one.children) expect(name).toMatch(/^(made|shop)\b/);
  });

  test('asks for the same whether what it is given is known, or comes later', async () => {
    const before = await run(each);
    expect((await run(each, { given: (value) => output(value) })).urns).toEqual(before.urns);
    // An empty text is a value too: nobody has asked whether it is true.
    expect((await run(each, { given: () => output('') })).urns).toEqual(before.urns);
    expect((await run(each, { given: (value) => output(value) }, true)).urns).toEqual(before.urns);
  });

  test('says nothing against being protected', async () => {
    const { component, children } = await run(each, { options: { protect: true } }, false, 'trial');
    expect(component.options.protect).toBe(true);
    expect(children.filter(({ options }) => options.protect === false).map(({ type }) => type)).toEqual([]);
  });

  test('protects what production cannot make again, and nothing else', async () => {
    const { children } = await run(each);
    const guarded = children.filter(({ options }) => options.protect === true).map(({ type }) => type);
    expect([...new Set(guarded)].toSorted()).toEqual([...(each.data ?? [])].toSorted());
    const trial = await run(each, {}, false, 'trial');
    const stays = trial.children.filter(({ options }) => options.protect === true).map(({ type }) => type);
    expect([...new Set(stays)].toSorted()).toEqual(each.always === true ? [...(each.data ?? [])].toSorted() : []);
  });
});

const ROOM = join(import.meta.dirname, '../../../constructs/gcp');
const sources = readdirSync(ROOM, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => readFileSync(join(ROOM, file), 'utf8'));

test('every component of the room is in the table', () => {
  const tokens = sources.flatMap((text) =>
    [...text.matchAll(/super\('penstock:gcp:(\w+)'/g)].map(([, token]) => token),
  );
  expect(COMPONENTS.map(({ token }) => token).toSorted()).toEqual(tokens.toSorted());
});

test('every component is called what its type says, and registers its outputs', () => {
  for (const text of sources.filter((each) => each.includes('extends ComponentResource'))) {
    const [, name] = /^export class (\w+)[^{]* extends ComponentResource/m.exec(text) ?? [];
    expect(text).toContain(`super('penstock:gcp:${name}'`);
    expect(text).toContain('this.registerOutputs(');
  }
});

test('keys and artifacts stay when their stack goes', async () => {
  for (const token of ['EncryptionKey', 'ArtifactStore']) {
    const each = COMPONENTS.find((one) => one.token === token) as ComponentCase;
    const { children } = await run(each, {}, false, 'trial');
    const kept = children.filter(({ type }) => each.data?.includes(type));
    expect(kept.map(({ options }) => options.retainOnDelete)).toEqual(kept.map(() => true));
  }
});
