import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { CloudFormationTemplate } from '../../../../constructs/policies/aws/index.ts';
import { synthesizeAws } from '../../../../stacks/aws/synthesize.ts';
import { platform } from '../../../../stacks/platform.ts';
import { type Answer, MotoServer, motoRequirement } from '../../../helpers/moto-server.ts';
import { describeWith } from '../../../helpers/requirement.ts';
import { full, topology } from '../shop.ts';
import { COVERAGE } from './coverage.ts';
import { type Deployment, deploy } from './deployment.ts';
import { READINGS } from './readings.ts';

type Templates = Readonly<Record<string, CloudFormationTemplate>>;

const templates = { ...synthesizeAws(platform, []), ...synthesizeAws(topology, [full]) } as Templates;

test('of every type in a stack it is said whether moto makes it', () => {
  const all = { ...templates, ...(synthesizeAws(platform) as Templates) };
  const types = Object.values(all).flatMap(({ Resources }) => Object.values(Resources ?? {}).map(({ Type }) => Type));
  expect([...new Set(types)].filter((type) => COVERAGE[type] === undefined)).toEqual([]);
});

test('what is said to be read back is read back, and nothing else', () => {
  const said = Object.entries(COVERAGE).flatMap(([type, how]) =>
    how.by !== 'nothing' && how.seen === 'read back' ? [type] : [],
  );
  expect([...new Set(READINGS.map(({ type }) => type))].toSorted()).toEqual(said.toSorted());
});

/** What is in the cluster is made by functions, which do not run here. */
const deployed = Object.entries(templates).filter(([name]) => !name.endsWith('-workloads'));

describeWith(motoRequirement(), 'moto, which answers as some services of AWS do', () => {
  let moto: MotoServer;
  const made = new Map<string, Deployment>();
  beforeAll(async () => {
    moto = await MotoServer.start(full.region);
    for (const [name, template] of deployed) made.set(name, await deploy(moto, name, template));
  }, 120_000);
  afterAll(() => moto?.[Symbol.asyncDispose]());

  test.each(READINGS)('$holds ($type)', async ({ stack, ask: [service, operation, parameters], expected }) => {
    const named = withIds(parameters, templates[stack], made.get(stack)) as Answer;
    expect(await moto.ask(service, operation, named)).toMatchObject(expected);
  });

  test('knows every property that it is called with, but for these', () => {
    expect(new Set([...made.values()].flatMap(({ left }) => left))).toEqual(
      new Set([
        // CloudFormation makes further calls of these, or has another shape for them.
        'AWS::AmazonMQ::Configuration Data',
        'AWS::EKS::Cluster Logging.ClusterLogging',
        'AWS::RDS::DBCluster DeleteAutomatedBackups',
        'AWS::RDS::DBCluster MasterUserSecret',
        'AWS::RDS::DBClusterParameterGroup Parameters',
        'AWS::SecretsManager::Secret GenerateSecretString',
      ]),
    );
  });

  test('refuses what AWS has no name for', async () => {
    await expect(moto.create('kafka', 'create_cluster', { ClusterName: 'shop' })).rejects.toThrow(
      /Missing required parameter.*BrokerNodeGroupInfo/s,
    );
  });
});

/** Parameters with the ids of what was made. */
function withIds(value: unknown, template: CloudFormationTemplate | undefined, made: Deployment | undefined): unknown {
  if (Array.isArray(value)) return value.map((each) => withIds(each, template, made));
  if (value !== null && typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withIds(inner, template, made)]));
  const [, type, part = ''] = /^\{([^/]*)\/?(.*)\}$/.exec(String(value)) ?? [];
  if (type === undefined) return value;
  const ids = Object.entries(template?.Resources ?? {}).flatMap(([id, { Type }]) =>
    Type === type && id.includes(part) ? [id] : [],
  );
  const [id = ''] = ids;
  if (ids.length !== 1) throw new Error(`${value} stands for ${ids.length} resources`);
  return made?.ids.get(id);
}
