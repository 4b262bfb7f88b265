import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { PulumiStack, pulumiRequirement } from '../../helpers/pulumi-stack.ts';
import { describeWith } from '../../helpers/requirement.ts';
import { VertexPeer } from '../../helpers/vertex-peer.ts';

const PROGRAM = fileURLToPath(new URL('./vertex-stack', import.meta.url));
const RULE = 'gcp:compute/forwardingRule:ForwardingRule';
/** What the engine writes for a value that nobody knows yet. */
const UNKNOWN = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';
const attachmentOf = (which: string) => `projects/tp/regions/europe-west4/serviceAttachments/${which}`;

interface Planned {
  readonly steps: readonly {
    readonly op: string;
    readonly newState?: { readonly type: string; readonly inputs?: Readonly<Record<string, unknown>> };
  }[];
}

// The engine is the real one, and so is the host of dynamic providers; Vertex AI and Google Cloud are stand-ins.
describeWith(pulumiRequirement(), 'the way to an endpoint under the engine of Pulumi', () => {
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

  const run = (command: 'up' | 'destroy' | 'preview', env: Record<string, string> = {}, ...more: string[]) =>
    stack.run(command, { VERTEX_PEER: peer.address, CONNECTED: 'yes', ...env }, ...more);
  const planned = async (env: Record<string, string> = {}) => {
    const { status, stdout, output } = await run('preview', env, '--json');
    expect([status, status === 0 ? '' : output]).toEqual([0, '']);
    const { steps } = JSON.parse(stdout) as Planned;
    return steps.find(({ newState }) => newState?.type === RULE);
  };
  const target = async () => {
    const { resources } = await stack.state();
    return resources.find(({ type }) => type === RULE)?.inputs?.['target'];
  };

  test('leads where nobody knows before the first model is there', async () => {
    expect(await planned()).toMatchObject({ op: 'create', newState: { inputs: { target: UNKNOWN } } });
    expect(peer.asked).toEqual([]);
  }, 120_000);

  test('leads to what the first model opened, as soon as it has', async () => {
    peer.attachment = attachmentOf('one');
    expect(await run('up')).toMatchObject({ status: 0 });
    expect(await target()).toBe(attachmentOf('one'));
  }, 120_000);

  test('stays for the next model, though its plan cannot say so', async () => {
    const next = { IMAGE: 'server:2.0.0' };
    expect(await planned(next)).toMatchObject({ newState: { inputs: { target: UNKNOWN } } });
    expect(await run('up', next)).toMatchObject({ status: 0 });
    expect(stack.acts).toEqual([]);
    expect(await target()).toBe(attachmentOf('one'));
  }, 120_000);

  test('is not laid to an endpoint that no network reaches, and what is there stays', async () => {
    peer.attachment = undefined;
    const failed = await run('up', { IMAGE: 'server:3.0.0' });
    expect(failed.status).not.toBe(0);
    expect(failed.output).toContain('endpoints.chat: no service attachment');
    expect(stack.acts).toEqual([]);
    expect(await target()).toBe(attachmentOf('one'));
  }, 120_000);

  test('is laid anew to the next one, on the same address', async () => {
    peer.attachment = attachmentOf('two');
    expect(await run('up', { IMAGE: 'server:4.0.0' })).toMatchObject({ status: 0 });
    expect(stack.acts.map(({ act, type }) => `${act} ${type}`)).toEqual([`update ${RULE}`]);
    expect(await target()).toBe(attachmentOf('two'));
  }, 120_000);
});
