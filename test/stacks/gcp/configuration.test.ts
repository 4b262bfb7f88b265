import { describe, expect, test } from '@jest/globals';
import { checkRequested } from '../../../constructs/policies/gcp/index.ts';
import { checkManifests } from '../../../constructs/policies/index.ts';
import { readConfiguration } from '../../../stacks/gcp/configuration.ts';
import { GCP_STACKS, requestedManifests, stackEnvironment, synthesizeGcp } from '../../../stacks/gcp/synthesize.ts';
import { platform } from '../../../stacks/platform.ts';

const environment = stackEnvironment('prod');
const raw = {
  kind: 'production',
  projectNumber: environment.project.number,
  project: environment.project.id,
  region: environment.region,
  zones: environment.zones,
  ranges: environment.ranges,
  systemNodes: environment.systemNodes,
  maintenance: environment.maintenance,
  workloads: 'prod',
  artifacts: environment.artifacts,
  alerts: environment.alerts,
  budget: environment.budget,
};

const faultOf = (change: object): string => {
  try {
    readConfiguration('prod', { ...raw, ...change });
  } catch (error) {
    return (error as Error).message;
  }
  return 'none';
};

describe('the configuration of a stack', () => {
  test('is what its file says', () => {
    expect(readConfiguration('prod', raw)).toEqual(environment);
  });

  test('rejects everything that is wrong at once', () => {
    const message = faultOf({ region: 'Europe', projectNumber: 12, budget: { ...raw.budget, monthly: 0 } });
    expect(message).toMatch(/^Pulumi\.prod\.yaml: .*\[configuration-malformed\]$/);
    for (const path of ['projectNumber: received 12', 'region: received "Europe"', 'budget.monthly: received 0'])
      expect(message).toContain(path);
  });

  test.each(Object.keys(raw))('rejects one without %s', (field) => {
    expect(faultOf({ [field]: undefined })).toContain(`${field}`);
    expect(faultOf({ [field]: undefined })).toContain('received nothing');
  });

  test.each([
    ['one zone', { zones: ['europe-west4-a'] }, 'zones'],
    ['a kind it does not know', { kind: 'staging' }, 'kind'],
    ['an hour that no day has', { maintenance: { ...raw.maintenance, startHour: 24 } }, 'maintenance.startHour'],
    ['a network that is none', { authorizedNetworks: { office: 'everywhere' } }, 'authorizedNetworks.office'],
  ])('rejects %s', (_what, change, path) => {
    expect(faultOf(change)).toContain(`${path}: received`);
  });

  test('rejects a field that it does not know, which would else be left out without a word', () => {
    expect(faultOf({ datas: { cache: {} } })).toContain('datas.cache: received {}, expected no such field');
    expect(faultOf({ budget: { ...raw.budget, monthy: 5 } })).toContain('budget.monthy: received 5');
  });

  test('has the data services that it names, and else none', () => {
    expect(readConfiguration('prod', raw).data).toEqual({});
    const cache = { nodeType: 'STANDARD_SMALL', shards: 1, replicas: 1, users: { classify: { variable: 'CACHE' } } };
    expect(readConfiguration('prod', { ...raw, data: { cache } }).data).toEqual({
      cache: { ...cache, persistence: 'append-only' },
    });
    expect(faultOf({ data: { cache: { ...cache, replicas: 0, users: { classify: { variable: 'cache' } } } } })).toMatch(
      /data\.cache\.replicas: received 0, expected a whole number, 1 to 5; data\.cache\.users\.classify\.variable/,
    );
    expect(faultOf({ data: { kafka: { vcpus: 2, memory: '12 GB' } } })).toMatch(/kafka\.vcpus: .*kafka\.memory: /);
  });

  test('buys machines as it says, else by the hour, and reads what Vertex AI serves', () => {
    expect(readConfiguration('prod', raw)).toMatchObject({ pools: {}, vertex: {} });
    const pools = { 'g2-standard-24': { type: 'flex-start', runsFor: '24 hours' } };
    const monitoring = { every: '24 hours', sampled: '5%', kept: '30 days', drift: { tokens: '30%' } };
    const served = { machine: 'g2-standard-24', image: 'a@sha256:0', predictRoute: '/v1', healthRoute: '/health' };
    const chat = { ...served, monitoring };
    expect(readConfiguration('prod', { ...raw, pools, vertex: { chat } })).toMatchObject({
      pools: { 'g2-standard-24': { type: 'flex-start', runsFor: '24 hours', zones: environment.zones } },
      vertex: { chat },
    });
    const message = faultOf({ pools: { a: { type: 'reserved' }, b: { type: 'bought' } }, vertex: { chat: {} } });
    for (const path of ['pools.a.reservation', 'pools.b.type', 'vertex.chat.machine', 'vertex.chat.predictRoute'])
      expect(message).toContain(`${path}: received`);
    const wrong = { ...monitoring, every: '90 minutes', drift: { tokens: 0.3 } };
    expect(faultOf({ vertex: { chat: { ...served, monitoring: wrong } } })).toMatch(
      /chat\.monitoring\.every: received "90 minutes".*chat\.monitoring\.drift\.tokens: received 0\.3/,
    );
  });

  test('opens the control plane to the networks it names, and else to none', () => {
    expect(readConfiguration('prod', raw).access).toEqual({ kind: 'private' });
    expect(readConfiguration('prod', { ...raw, authorizedNetworks: { office: '203.0.113.0/24' } }).access).toEqual({
      kind: 'authorized-networks',
      networks: [{ name: 'office', cidr: '203.0.113.0/24' }],
    });
  });
});

describe.each(GCP_STACKS)('the stack %s', (stack) => {
  test('holds every policy', async () => {
    const requested = await synthesizeGcp(platform, stackEnvironment(stack));
    expect(requested.length).toBeGreaterThan(30);
    expect(checkRequested(requested)).toEqual([]);
    expect(checkManifests(requestedManifests(requested))).toEqual([]);
  });

  test('warns of cost before it is spent', async () => {
    const requested = await synthesizeGcp(platform, stackEnvironment(stack));
    const budget = requested.find(({ type }) => type === 'gcp:billing/budget:Budget');
    expect(budget?.inputs).toMatchObject({
      thresholdRules: expect.arrayContaining([{ thresholdPercent: 1, spendBasis: 'FORECASTED_SPEND' }]),
    });
  });
});

test('only the stack of production cannot be deleted by mistake', async () => {
  const kept = async (stack: 'dev' | 'prod') =>
    (await synthesizeGcp(platform, stackEnvironment(stack))).find(({ type }) => type.endsWith(':Cluster'))?.inputs;
  expect(await kept('prod')).toMatchObject({ deletionProtection: true });
  expect(await kept('dev')).toMatchObject({ deletionProtection: false });
});
