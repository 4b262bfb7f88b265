import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Duration } from '@penstock/model';
import { KEY_LABEL } from '../../../constructs/gcp/vertex-id.ts';
import {
  type VertexMonitoringInputs,
  VertexMonitoringProvider,
  type VertexMonitoringState,
} from '../../../constructs/gcp/vertex-monitoring-provider.ts';
import { ENDPOINT, PARENT, TOKEN, VertexPeer } from '../../helpers/vertex-peer.ts';

let peer: VertexPeer;
let lines: string[];
let slept: Duration[];

beforeEach(async () => {
  peer = await VertexPeer.start();
  peer.endpoint.deployedModels = [
    { id: '1000000001', model: 'churn-1' },
    { id: '1000000002', model: 'churn-2' },
  ];
  lines = [];
  slept = [];
});
afterEach(() => peer.stop());

const briefly = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));
/** A provider as a new process has it. Its pauses are noted, and a few milliseconds long. */
const provider = (patience = '2 hours' as '2 hours' | '1 minute', rest: () => Promise<void> = briefly) =>
  new VertexMonitoringProvider({
    accessToken: async () => TOKEN,
    address: () => peer.address,
    progress: (line) => lines.push(line),
    sleep: async (duration) => {
      slept.push(duration);
      await rest();
    },
    patience: Duration.parse(patience),
  });

const driftOf = (deployedModelId: string, value = 0.3) => ({
  deployedModelId,
  objectiveConfig: { predictionDriftDetectionConfig: { driftThresholds: { age: { value } } } },
});
const inputs: VertexMonitoringInputs = {
  parent: PARENT,
  endpoint: ENDPOINT,
  key: 'w-churn-aaaa',
  displayName: 'churn',
  labels: { team: 'growth' },
  modelDeploymentMonitoringObjectiveConfigs: [driftOf('1000000001')],
  modelDeploymentMonitoringScheduleConfig: { monitorInterval: '3600s' },
  loggingSamplingStrategy: { randomSampleConfig: { sampleRate: 0.1 } },
  modelMonitoringAlertConfig: { enableLogging: true },
};
const JOBS = `${PARENT}/modelDeploymentMonitoringJobs`;
const FIRST = `${JOBS}/1`;

/** As Pulumi keeps it. */
const created = async (): Promise<{ id: string; state: VertexMonitoringState }> => {
  const { id, outs } = await provider().create(inputs);
  return { id, state: outs as VertexMonitoringState };
};
/** What Pulumi's host takes out of an error, to keep it. */
const failure = (
  made: Promise<unknown>,
): Promise<{ readonly id: string; readonly properties: VertexMonitoringState }> =>
  made.then(
    () => Promise.reject(new Error('it did not fail')),
    (error) => error,
  );
const jobs = () => [...peer.monitors.all.keys()];

describe('a job that watches deployed models', () => {
  test('is made once, known by its label, and waited for until it watches', async () => {
    const { id, state } = await created();
    expect(id).toBe(FIRST);
    expect(state).toEqual({ ...inputs, state: 'JOB_STATE_RUNNING' });
    expect(peer.acts).toEqual([`POST ${JOBS}`]);
    const { parent: _place, key, ...body } = inputs;
    expect(peer.monitors.all.get(FIRST)).toMatchObject({ ...body, labels: { team: 'growth', [KEY_LABEL]: key } });
    expect(lines).toContain(`watch by ${FIRST}: done`);
  });

  test('is told nothing that Pulumi keeps for itself', async () => {
    await provider().create({ ...inputs, __provider: 'code' } as VertexMonitoringInputs);
    expect(peer.monitors.all.get(FIRST)).not.toHaveProperty('__provider');
  });

  test('watches the next deployed model in place, and changes nothing beside it', async () => {
    const { id, state } = await created();
    const next = { ...inputs, modelDeploymentMonitoringObjectiveConfigs: [driftOf('1000000002', 0.2)] };
    expect(await provider().diff(id, state, next)).toMatchObject({ changes: true, replaces: [] });
    peer.asked.length = 0;
    const { outs } = await provider().update(id, state, next);
    expect(outs).toEqual({ ...next, state: 'JOB_STATE_RUNNING' });
    expect(peer.acts).toEqual([`PATCH ${FIRST}`]);
    expect(peer.monitors.all.get(FIRST)).toMatchObject({
      modelDeploymentMonitoringObjectiveConfigs: next.modelDeploymentMonitoringObjectiveConfigs,
      labels: { team: 'growth' },
    });
  });

  test('gives up what is left out: requests that were kept for days are kept for ever', async () => {
    const { outs } = await provider().create({ ...inputs, logTtl: '86400s' });
    expect(await provider().diff(FIRST, outs as VertexMonitoringState, inputs)).toMatchObject({ changes: true });
    await provider().update(FIRST, outs as VertexMonitoringState, inputs);
    expect(peer.monitors.all.get(FIRST)).toMatchObject({ logTtl: undefined });
  });

  test('is left alone for nothing, and made anew for what the API cannot change, one at a time', async () => {
    const { id, state } = await created();
    expect(await provider().diff(id, state, { ...inputs })).toMatchObject({ changes: false, replaces: [] });
    for (const more of [
      { endpoint: `${PARENT}/endpoints/2` },
      { analysisInstanceSchemaUri: 'gs://b/s.yaml' },
      { encryptionSpec: { kmsKeyName: 'k' } },
    ])
      expect(await provider().diff(id, state, { ...inputs, ...more })).toEqual({
        changes: true,
        replaces: Object.keys(more),
        deleteBeforeReplace: true,
      });
  });

  test('is read as what is there: running, or gone', async () => {
    const { id, state } = await created();
    expect(await provider().read(id, state)).toEqual({ id, props: state });
    peer.monitors.all.clear();
    expect(await provider().read(id, state)).toMatchObject({ id: '' });
  });

  test('is deleted, and without a word when it is gone already', async () => {
    const { id } = await created();
    await provider().delete(id);
    expect(jobs()).toEqual([]);
    peer.asked.length = 0;
    await provider().delete(id);
    expect(peer.acts).toEqual([]);
  });
});

describe('a job that watches deployed models when something goes wrong', () => {
  test.each([429, 503])('waits as long as a %i says, and goes on', async (kind) => {
    peer.fail({ on: `POST ${JOBS}`, kind, retryAfter: '17' }, { on: `GET ${FIRST}`, kind, retryAfter: '23' });
    await created();
    expect(jobs()).toEqual([FIRST]);
    expect(slept.map((each) => each.inSeconds)).toEqual(expect.arrayContaining([17, 23]));
  });

  test('is one when the answer to its making is lost, though the server would make another', async () => {
    peer.fail({ on: `POST ${JOBS}`, kind: 'lost' });
    const { id } = await created();
    expect(jobs()).toEqual([id]);
    expect(peer.acts).toEqual([`POST ${JOBS}`]);
  });

  test.each([`PATCH ${FIRST}`, `DELETE ${FIRST}`])('ends as it should when the answer to %s is lost', async (on) => {
    const { id, state } = await created();
    peer.fail({ on, kind: 'lost' });
    await provider().update(id, state, { ...inputs, displayName: 'other' });
    expect(peer.monitors.all.get(FIRST)).toMatchObject({ displayName: 'other' });
    await provider().delete(id);
    expect(jobs()).toEqual([]);
  });

  test('that a run left which died is taken away by the next one, and no second one remains', async () => {
    peer.fail({ on: `POST ${JOBS}`, kind: 'lost' });
    const killed = new Error('killed in the pause after the answer was lost');
    const dying = provider('2 hours', () => Promise.reject(killed));
    await expect(dying.create(inputs)).rejects.toBe(killed);
    expect(jobs()).toEqual([FIRST]);
    peer.asked.length = 0;
    const { id } = await created();
    expect(peer.acts).toEqual([`DELETE ${FIRST}`, `POST ${JOBS}`]);
    expect(jobs()).toEqual([id]);
  });

  test('tells Pulumi what was made when it fails late, and the next run makes another in its place', async () => {
    peer.fail({ on: `POST ${JOBS}`, kind: 'late' });
    const error = await failure(provider().create(inputs));
    expect(error).toMatchObject({
      code: 'operation-failed',
      message: expect.stringContaining('the training data cannot be read'),
      id: FIRST,
      properties: { state: 'JOB_STATE_FAILED' },
    });
    expect(await provider().diff(error.id, error.properties, inputs)).toEqual({
      changes: true,
      replaces: ['state'],
      deleteBeforeReplace: true,
    });
    await provider().delete(error.id);
    const { id } = await created();
    expect(jobs()).toEqual([id]);
  });

  test('is as it was when its change is refused, and Pulumi knows', async () => {
    const { id, state } = await created();
    const wrong = { ...inputs, modelDeploymentMonitoringObjectiveConfigs: [driftOf('77')] };
    const error = await failure(provider().update(id, state, wrong));
    expect(error).toMatchObject({ code: 'request-refused', id, properties: state });
  });

  test('that comes to nothing in time is waited for by the next run, and not made twice', async () => {
    peer.monitors.polls = 1_000_000;
    const error = await failure(provider('1 minute').create(inputs));
    expect(error).toMatchObject({ code: 'operation-late', retryable: true, id: FIRST });
    expect(await provider().diff(FIRST, error.properties, inputs)).toMatchObject({ changes: true, replaces: [] });
    expect(jobs()).toEqual([FIRST]);
  });

  test('rejects an endpoint that somebody else has watched', async () => {
    await provider().create({ ...inputs, key: 'w-theirs-bbbb' });
    peer.asked.length = 0;
    await expect(created()).rejects.toMatchObject({ code: 'not-ours', retryable: false });
    expect(peer.acts).toEqual([]);
  });
});
