import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Served, serve } from '../services/task-queue/desk-fixture.ts';
import { penstock } from './command.ts';

let served: Served;
let url: string;
beforeEach(async () => {
  served = serve();
  await served.api.listen({ host: '127.0.0.1', port: 0 });
  url = `http://127.0.0.1:${(served.api.server.address() as { readonly port: number }).port}`;
});
afterEach(() => served.api.close());

const queue = (...args: readonly string[]) => penstock(['queue', ...args, '--url', url]);
const add = async (key: string): Promise<string> => {
  const { stdout } = await queue(
    'add',
    'orders',
    '--task',
    'ship',
    '--payload',
    '{"order":"o"}',
    '--key',
    key,
    '--json',
  );
  return (JSON.parse(stdout) as { readonly id: string }).id;
};

describe('penstock queue', () => {
  test('adds a job once, shows it, and shows its queue', async () => {
    const id = await add('k');
    const again = await queue('add', 'orders', '--task', 'ship', '--payload', '{"order":"o"}', '--key', 'k');
    expect(again).toEqual({ status: 0, stdout: `${id}  was there with this key\n`, stderr: '' });
    const peek = await queue('peek', 'orders');
    expect(peek.stdout.split('\n')[1]).toMatch(new RegExp(`^${id} +ship +ready +0/3 `));
    expect((await queue('ls')).stdout.split('\n')[1]).toMatch(/^orders +no dispatcher +1 +0 +0 +0 +0 /);
  }, 60_000);

  test('redrives what failed and cancels what waits', async () => {
    const id = await add('a');
    await served.fail(id);
    expect((await queue('peek', '--job', id)).stdout).toContain('broken: it broke');
    expect((await queue('redrive', 'orders')).stdout).toBe('1 redriven\n');
    const again = await queue('redrive', '--job', id);
    expect([again.status, again.stderr]).toEqual([2, expect.stringContaining('has not failed')]);
    expect((await queue('cancel', '--job', id)).stdout).toBe('cancelled\n');
  }, 60_000);

  test('drains a queue, which resumes', async () => {
    expect((await queue('drain', 'orders')).stdout).toContain('drained');
    expect(JSON.parse((await queue('resume', 'orders', '--json')).stdout)).toMatchObject({ isDrained: false });
  }, 60_000);

  test.each([
    [['fly'], 'no verb "fly"'],
    [['peek'], 'which queue?'],
    [['peek', 'other'], 'this server has no queue "other"'],
    [['peek', 'orders', '--state', 'gone'], 'query.state'],
    [['add', 'orders', '--task', 'ship', '--payload', '{', '--key', 'k'], 'the payload is no JSON'],
    [['cancel', '--job', 'nobody'], 'no job nobody'],
  ])(
    'rejects %j and says why',
    async (args, why) => {
      const { status, stdout, stderr } = await queue(...args);
      expect([status, stdout]).toEqual([2, '']);
      expect(stderr).toContain(why);
    },
    60_000,
  );

  test('rejects a server that is not there', async () => {
    const { status, stderr } = await penstock(['queue', 'ls', '--url', 'http://127.0.0.1:9']);
    expect([status, stderr]).toEqual([1, expect.stringContaining('no task queue answers at http://127.0.0.1:9')]);
  }, 60_000);
});
