import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { PulumiStack, pulumiRequirement } from '../../helpers/pulumi-stack.ts';
import { describeWith } from '../../helpers/requirement.ts';
import { VertexPeer } from '../../helpers/vertex-peer.ts';

const PROGRAM = fileURLToPath(new URL('./vertex-stack', import.meta.url));

// The engine is the real one, and so is the host of dynamic providers; Vertex AI and Google Cloud are stand-ins.
describeWith(pulumiRequirement(), 'a model of one’s own under the engine of Pulumi', () => {
  let peer: VertexPeer;
  let stack: PulumiStack;

  beforeAll(async () => {
    peer = await VertexPeer.start();
    stack = await PulumiStack.init(PROGRAM);
  }, 120_000);
  afterAll(async () => {
    stack?.[Symbol.dispose]();
    await peer?.stop();
  });

  const run = (
    command: 'up' | 'destroy' | 'refresh' | 'preview',
    env: Record<string, string> = {},
    ...more: string[]
  ) => {
    peer.asked.length = 0;
    return stack.run(command, { VERTEX_PEER: peer.address, ...env }, ...more);
  };
  const LATEST = { MOST: '5', IMAGE: 'server:2.0.0', NAME: 'corner' };
  const ids = () => peer.endpoint.deployedModels.map(({ id }) => id);
  const watched = () =>
    [...peer.monitors.all.values()].flatMap(({ modelDeploymentMonitoringObjectiveConfigs: configs }) =>
      configs.map(({ deployedModelId }) => deployedModelId),
    );
  const deployed = () => peer.endpoint.deployedModels.map(({ model }) => model);

  test('is only looked at by a preview', async () => {
    expect(await run('preview')).toMatchObject({ status: 0 });
    expect(peer.asked).toEqual([]);
    expect(peer.models.size).toBe(0);
  }, 60_000);

  test('is made, and its state names the provider by no path of this machine', async () => {
    expect(await run('up')).toMatchObject({ status: 0, output: expect.stringContaining(': done') });
    expect(deployed()).toEqual([...peer.models.keys()]);
    expect(Object.values(peer.endpoint.trafficSplit)).toEqual([100]);
    const { text } = await stack.state();
    expect(text).toContain('provider.ts');
    expect(text).not.toContain(PROGRAM);
  }, 60_000);

  test('is left alone by a second run, and by a refresh', async () => {
    expect(await run('up', {}, '--expect-no-changes')).toMatchObject({ status: 0 });
    expect(peer.acts).toEqual([]);
    expect(await run('refresh', {}, '--expect-no-changes')).toMatchObject({ status: 0 });
  }, 60_000);

  test('is resized in place', async () => {
    const [model] = peer.models.keys();
    expect(await run('up', { MOST: '5' })).toMatchObject({ status: 0 });
    expect(peer.acts).toEqual([expect.stringContaining(':mutateDeployedModel')]);
    expect([...peer.models.keys()]).toEqual([model]);
  }, 60_000);

  test('stays as it is when the deployment of the next one fails, and the run after that replaces it', async () => {
    const [first] = peer.models.keys();
    peer.fail({ on: ':deployModel', kind: 'late' });
    const failed = await run('up', { MOST: '5', IMAGE: 'server:2.0.0' });
    expect(failed.status).not.toBe(0);
    expect(failed.output).toContain('the container did not start');
    expect(deployed()).toEqual([first]);
    expect(peer.models.size).toBe(2);
    expect(await run('up', { MOST: '5', IMAGE: 'server:2.0.0' })).toMatchObject({ status: 0 });
    expect(peer.models.size).toBe(1);
    expect(peer.models.has(first as string)).toBe(false);
    expect(deployed()).toEqual([...peer.models.keys()]);
    expect(peer.acts.filter((act) => act.endsWith('models:upload'))).toEqual([]);
  }, 60_000);

  test('is found gone by a refresh, and made again', async () => {
    peer.models.clear();
    peer.endpoint.deployedModels = [];
    peer.endpoint.trafficSplit = {};
    expect(await run('refresh', { MOST: '5', IMAGE: 'server:2.0.0' })).toMatchObject({ status: 0 });
    expect(await run('up', { MOST: '5', IMAGE: 'server:2.0.0' })).toMatchObject({ status: 0 });
    expect(deployed()).toEqual([...peer.models.keys()]);
    expect(peer.models.size).toBe(1);
  }, 60_000);

  test('goes on behind an endpoint that was renamed here with an alias', async () => {
    const renamed = { MOST: '5', IMAGE: 'server:2.0.0', NAME: 'corner', FORMERLY: 'edge' };
    expect(await run('up', renamed)).toMatchObject({ status: 0 });
    expect(stack.acts).toEqual([]);
    expect(peer.acts).toEqual([]);
    expect(await run('up', { ...renamed, PROTECT: 'yes' })).toMatchObject({ status: 0 });
  }, 60_000);

  test('is not taken down where it is protected', async () => {
    const { status, output } = await run('destroy');
    expect(status).not.toBe(0);
    expect(output).toContain('protected');
    expect(stack.acts).toEqual([]);
    expect(peer.models.size).toBe(1);
    await stack.unprotect();
  }, 60_000);

  test('is watched from then on, by one job', async () => {
    expect(await run('up', { ...LATEST, WATCHED: 'yes' })).toMatchObject({ status: 0 });
    expect(watched()).toEqual(ids());
    expect(await run('up', { ...LATEST, WATCHED: 'yes' }, '--expect-no-changes')).toMatchObject({ status: 0 });
    expect(peer.acts).toEqual([]);
  }, 60_000);

  test('is watched by the same job when the next one takes its place', async () => {
    const [job] = peer.monitors.all.keys();
    expect(await run('up', { ...LATEST, IMAGE: 'server:3.0.0', WATCHED: 'yes' })).toMatchObject({ status: 0 });
    expect([...peer.monitors.all.keys()]).toEqual([job]);
    expect(watched()).toEqual(ids());
    const order = peer.acts.map((act) => act.split(/[/:]/).at(-1));
    const places = ['deployModel', job?.split('/').at(-1), 'undeployModel'].map((act) => order.indexOf(act));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(places).not.toContain(-1);
  }, 60_000);

  test('goes with its stack: watched no more, undeployed and then deleted', async () => {
    expect(await run('destroy')).toMatchObject({ status: 0 });
    expect(peer.monitors.all.size).toBe(0);
    expect(peer.acts.map((act) => act.split(/[/:]/).at(-1))).toEqual([
      '1',
      '1234567890',
      'undeployModel',
      expect.any(String),
    ]);
    expect(peer.acts.at(-1)).toMatch(/^DELETE .*\/models\//);
    expect(peer.models.size).toBe(0);
    expect(deployed()).toEqual([]);
    expect(stack.acts).toMatchObject([{ act: 'delete', type: 'gcp:vertex/aiEndpoint:AiEndpoint', failed: false }]);
  }, 60_000);
});
