import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Duration } from '@penstock/model';
import { VertexError } from '../../../constructs/gcp/vertex-error.ts';
import { KEY_LABEL } from '../../../constructs/gcp/vertex-id.ts';
import {
  type VertexModelInputs,
  VertexModelProvider,
  type VertexModelState,
} from '../../../constructs/gcp/vertex-model-provider.ts';
import { ENDPOINT, PARENT, TOKEN, VertexPeer } from '../../helpers/vertex-peer.ts';

let peer: VertexPeer;
let lines: string[];
let slept: Duration[];

beforeEach(async () => {
  peer = await VertexPeer.start();
  lines = [];
  slept = [];
});
afterEach(() => peer.stop());

/** A provider as a new process has it. Its pauses are noted, and a few milliseconds long. */
const provider = (patience = '2 hours' as '2 hours' | '1 minute', token = TOKEN) =>
  new VertexModelProvider({
    accessToken: async () => token,
    address: () => peer.address,
    progress: (line) => lines.push(line),
    sleep: async (duration) => {
      slept.push(duration);
      await new Promise((resolve) => setTimeout(resolve, 5));
    },
    patience: Duration.parse(patience),
  });

const inputs: VertexModelInputs = {
  parent: PARENT,
  endpoint: ENDPOINT,
  modelId: 'm-chat-aaaa',
  deployedModelId: '1000000001',
  displayName: 'chat',
  containerSpec: { imageUri: 'registry.example.com/server:1.0.0' },
  resources: { dedicated: { machineSpec: { machineType: 'g2-standard-12' }, minReplicaCount: 1, maxReplicaCount: 2 } },
  labels: { team: 'search' },
  traffic: 100,
};
const other: VertexModelInputs = { ...inputs, modelId: 'm-chat-bbbb', deployedModelId: '1000000002' };
const MODEL = `${PARENT}/models/m-chat-aaaa`;

/** As Pulumi keeps it. */
const created = async (more: VertexModelInputs = inputs): Promise<{ id: string; state: VertexModelState }> => {
  const { id, outs } = await provider().create(more);
  return { id, state: outs as VertexModelState };
};

/** What Pulumi's host takes out of an error, to keep it. */
const failure = (made: Promise<unknown>): Promise<{ readonly id: string; readonly properties: VertexModelState }> =>
  made.then(
    () => Promise.reject(new Error('it did not fail')),
    (error) => error,
  );

const books = () => ({
  models: [...peer.models.keys()],
  deployed: peer.endpoint.deployedModels.map(({ id }) => id),
  traffic: peer.endpoint.trafficSplit,
});
const whole = { models: [MODEL], deployed: ['1000000001'], traffic: { '1000000001': 100 } };
const nothing = { models: [], deployed: [], traffic: {} };
const UPLOAD = `POST ${PARENT}/models:upload`;
const DEPLOY = `POST ${ENDPOINT}:deployModel`;

describe('a model on Vertex AI', () => {
  test('is uploaded, deployed and then given its traffic, in this order', async () => {
    const { id, state } = await created();
    expect(id).toBe(MODEL);
    expect(state).toMatchObject({ model: MODEL, deployed: true });
    expect(peer.acts).toEqual([UPLOAD, DEPLOY, `PATCH ${ENDPOINT}`]);
    expect(books()).toEqual(whole);
    expect(peer.models.get(MODEL)?.labels).toEqual({ team: 'search', [KEY_LABEL]: 'm-chat-aaaa' });
    expect(lines).toContain('deploy m-chat-aaaa: done');
  });

  test('says by what networks reach its endpoint, and says it anew when it is another', async () => {
    peer.attachment = 'projects/tp/regions/europe-west4/serviceAttachments/one';
    const { id, state } = await created();
    expect(state.serviceAttachment).toBe(peer.attachment);
    peer.attachment = 'projects/tp/regions/europe-west4/serviceAttachments/two';
    expect((await provider().read(id, state)).props).toMatchObject({ serviceAttachment: peer.attachment });
    peer.attachment = undefined;
    expect((await provider().update(id, state, inputs)).outs).not.toHaveProperty('serviceAttachment');
  });

  test('is undeployed before it is deleted, and nothing of it is left', async () => {
    const { id, state } = await created();
    peer.asked.length = 0;
    await provider().delete(id, state);
    expect(peer.acts).toEqual([`PATCH ${ENDPOINT}`, `POST ${ENDPOINT}:undeployModel`, `DELETE ${MODEL}`]);
    expect(books()).toEqual(nothing);
  });

  test('that is gone already is deleted without a word', async () => {
    const { id, state } = await created();
    await provider().delete(id, state);
    peer.asked.length = 0;
    await provider().delete(id, state);
    expect(peer.acts).toEqual([]);
  });

  test('takes its share from the others in proportion, and gives it back when it goes', async () => {
    await created();
    const second = await created({ ...other, traffic: 20 });
    expect(books().traffic).toEqual({ '1000000001': 80, '1000000002': 20 });
    const { outs } = await provider().update(second.id, second.state, { ...other, traffic: 55 });
    expect(books().traffic).toEqual({ '1000000001': 45, '1000000002': 55 });
    await provider().delete(second.id, outs as VertexModelState);
    expect(books()).toEqual(whole);
  });

  test('changes its replicas, its name and its labels in place', async () => {
    const { id, state } = await created();
    peer.asked.length = 0;
    const dedicated = { machineSpec: { machineType: 'g2-standard-12' }, minReplicaCount: 2, maxReplicaCount: 6 };
    await provider().update(id, state, { ...inputs, displayName: 'talk', labels: {}, resources: { dedicated } });
    expect(peer.acts).toEqual([`PATCH ${MODEL}`, `POST ${ENDPOINT}:mutateDeployedModel`]);
    expect(peer.endpoint.deployedModels).toMatchObject([{ dedicatedResources: dedicated }]);
    expect(peer.models.get(MODEL)).toMatchObject({ displayName: 'talk', labels: { [KEY_LABEL]: 'm-chat-aaaa' } });
  });

  test('is replaced for what cannot change in place, and by the new one first', async () => {
    const { id, state } = await created();
    expect(await provider().diff(id, state, other)).toEqual({
      changes: true,
      replaces: ['modelId'],
      deleteBeforeReplace: false,
    });
    await created(other);
    expect(books().traffic).toEqual({ '1000000002': 100 });
    await provider().delete(id, state);
    expect(books()).toEqual({
      models: [`${PARENT}/models/m-chat-bbbb`],
      deployed: ['1000000002'],
      traffic: { '1000000002': 100 },
    });
  });

  test('is updated for traffic, replicas and labels, and not touched for nothing', async () => {
    const { id, state } = await created();
    const { resources } = inputs;
    for (const more of [{ traffic: 50 }, { labels: {} }, { resources: { pool: 'p' } }])
      expect(await provider().diff(id, state, { ...inputs, ...more })).toMatchObject({ changes: true, replaces: [] });
    expect(await provider().diff(id, state, { ...inputs, resources })).toMatchObject({ changes: false });
  });

  test('is read as what is there: gone, or uploaded and not deployed', async () => {
    const { id, state } = await created();
    expect(await provider().read(id, state)).toMatchObject({ id, props: { deployed: true } });
    peer.endpoint.deployedModels = [];
    const { props } = await provider().read(id, state);
    expect(props).toMatchObject({ deployed: false });
    expect(await provider().diff(id, props as VertexModelState, inputs)).toMatchObject({ changes: true, replaces: [] });
    peer.models.clear();
    expect(await provider().read(id, state)).toMatchObject({ id: '' });
  });
});

describe('a model on Vertex AI when something goes wrong', () => {
  test.each([429, 503])('waits as long as a %i says, and goes on', async (kind) => {
    peer.fail({ on: UPLOAD, kind, retryAfter: '17' }, { on: DEPLOY, kind });
    await created();
    expect(books()).toEqual(whole);
    expect(slept.map((each) => each.inSeconds)).toContain(17);
  });

  test.each([UPLOAD, DEPLOY, `PATCH ${ENDPOINT}`])('does %s once when the answer to it is lost', async (on) => {
    peer.fail({ on, kind: 'lost' });
    await created();
    expect(books()).toEqual(whole);
  });

  test.each([`POST ${ENDPOINT}:undeployModel`, `DELETE ${MODEL}`])(
    'is taken down when the answer to %s is lost',
    async (on) => {
      const { id, state } = await created();
      peer.fail({ on, kind: 'lost' });
      await provider().delete(id, state);
      expect(books()).toEqual(nothing);
    },
  );

  test('is found by the next run when this one died between upload and deployment', async () => {
    // Eight times no answer: this run is over, as if the process had died.
    peer.fail(...Array.from({ length: 8 }, () => ({ on: DEPLOY, kind: 503 })));
    await expect(created()).rejects.toMatchObject({ code: 'api-unavailable', retryable: true });
    expect(books()).toEqual({ models: [MODEL], deployed: [], traffic: {} });
    peer.asked.length = 0;
    await created();
    expect(peer.acts).not.toContain(UPLOAD);
    expect(books()).toEqual(whole);
  });

  test('tells Pulumi what was made when the deployment fails late, so that it can be taken down', async () => {
    peer.fail({ on: DEPLOY, kind: 'late' });
    const error = await failure(provider().create(inputs));
    expect(error).toMatchObject({
      code: 'operation-failed',
      retryable: false,
      message: expect.stringContaining('the container did not start'),
      id: MODEL,
      properties: { deployed: false },
    });
    await provider().delete(error.id, error.properties);
    expect(books()).toEqual(nothing);
  });

  test('is deployed by the next update when the first deployment had failed', async () => {
    peer.fail({ on: DEPLOY, kind: 'late' });
    const { id, properties } = await failure(provider().create(inputs));
    await provider().update(id, properties, inputs);
    expect(books()).toEqual(whole);
  });

  test('leaves nothing behind when the upload fails late', async () => {
    peer.fail({ on: UPLOAD, kind: 'late' });
    await expect(created()).rejects.toMatchObject({ code: 'operation-failed' });
    expect(books()).toEqual(nothing);
  });

  test('waits for what another run has under way on the same endpoint', async () => {
    await Promise.all([created({ ...inputs, traffic: 100 }), created({ ...other, traffic: 40 })]);
    expect(books().deployed.toSorted()).toEqual(['1000000001', '1000000002']);
    expect(Object.values(books().traffic).reduce((all, share) => all + share, 0)).toBe(100);
    expect(lines.join('\n')).toContain('something else is under way there');
  });

  test('rejects to wait for ever, and says that the next run may find it', async () => {
    peer.polls = 1_000_000;
    peer.longestOperationMs = 1_000_000;
    peer.fail({ on: UPLOAD, kind: 'lost' });
    const late = provider('1 minute').create(inputs);
    await expect(late).rejects.toMatchObject({ code: expect.stringMatching(/operation-late/), retryable: true });
  });

  test('rejects a model of the same id that somebody else made', async () => {
    peer.models.set(MODEL, { name: MODEL, displayName: 'theirs', labels: {} });
    await expect(created()).rejects.toMatchObject({ code: 'not-ours', retryable: false });
    expect(peer.acts).toEqual([]);
  });

  test('rejects credentials that the API does not take, at once', async () => {
    const refused = provider('2 hours', 'expired').create(inputs);
    await expect(refused).rejects.toMatchObject({ code: 'credentials-refused', status: 401 });
    expect(slept).toEqual([]);
    expect(VertexError.is(await refused.catch((error: unknown) => error), 'credentials-refused')).toBe(true);
  });
});
