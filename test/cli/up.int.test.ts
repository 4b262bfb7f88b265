import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { penstock } from './command.ts';

// The whole platform as processes, with the model that needs no files.

let state: string;

beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), 'penstock-up-'));
});

afterEach(() => rm(state, { recursive: true }));

const up = (...args: readonly string[]) => ['up', '--once', '--model', 'hashed-ngrams-384', '--state', state, ...args];

const verdictsOf = async (
  run: string,
): Promise<readonly { readonly id: string; readonly label?: string; readonly verdict: string }[]> =>
  (await readFile(join(state, 'mailroom', run, 'verdicts.jsonl'), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

test('runs the platform on real mails and accounts for each of them', async () => {
  const { status, stdout } = await penstock(up('--limit', '80'));
  expect(status).toBe(0);
  expect(stdout).toContain('80 with one effect each + 0 dead letters + 0 open = 80');
  expect(stdout).toMatch(/kubernetes\/prod.*all of \d+ rules hold/);
  const verdicts = await verdictsOf('run-1');
  expect(new Set(verdicts.map(({ id }) => id)).size).toBe(80);
  const right = verdicts.filter(({ label, verdict }) => label === verdict).length;
  expect(right / verdicts.length).toBeGreaterThan(0.8);
}, 60_000);

test('goes on where it was interrupted and loses nothing', async () => {
  let interrupted = false;
  const first = await penstock(up('--limit', '400'), (stdout, child) => {
    if (interrupted || !/done [1-9]/.test(stdout)) return;
    interrupted = true;
    child.kill('SIGINT');
  });
  // A machine that was done before it could be interrupted has nothing to go on with.
  if (first.status === 130) expect(first.stdout).toContain('interrupted; the same command goes on from here');
  const second = await penstock(up('--limit', '400'));
  expect(second.status).toBe(0);
  expect(second.stdout).toContain('400 with one effect each + 0 dead letters + 0 open = 400');
  expect(second.stdout).toMatch(/twice +none/);
}, 120_000);

test("takes the user's own mails, and mails that cannot be parsed are refused before", async () => {
  const file = join(state, 'mails.jsonl');
  await writeFile(
    file,
    '{"subject":"win money now","body":"click here to win $$$ free"}\n{"id":"x","subject":"minutes","body":"see you at the meeting on monday"}\n',
  );
  const { status, stdout } = await penstock(up('--input', file));
  expect(status).toBe(0);
  expect(stdout).toContain('2 with one effect each');
  expect((await verdictsOf('run-1')).map(({ id }) => id).toSorted()).toEqual(['line-1', 'x']);
}, 60_000);

test('rejects a port that is taken by name and exits 1', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const { status, stderr } = await penstock(up('--limit', '5', '--engine-port', String(port)));
  server.close();
  expect(status).toBe(1);
  expect(stderr).toContain(`127.0.0.1:${port} is taken`);
}, 60_000);

test('rejects a database file that is not one and leaves it as it is', async () => {
  await penstock(up('--limit', '5'));
  const path = join(state, 'mailroom', 'run-1', 'bus.db');
  await rm(`${path}-wal`, { force: true });
  await rm(`${path}-shm`, { force: true });
  await writeFile(path, 'this is not a database, and nothing may be written over it'.repeat(100));
  const record = join(state, 'mailroom', 'run-1', 'run.json');
  const { finishedAt: _finished, ...open } = JSON.parse(await readFile(record, 'utf8'));
  await writeFile(record, JSON.stringify(open));
  const { status, stderr } = await penstock(up('--limit', '5'));
  expect(status).toBe(1);
  expect(stderr).toContain('storage-corrupt');
  expect(await readFile(path, 'utf8')).toContain('this is not a database');
}, 60_000);

/** Ids of the processes that this one has started and whose command line holds `text`. */
function childrenOf(parent: number, text: string): readonly number[] {
  const { stdout } = spawnSync('ps', ['-o', 'pid=,args=', '--ppid', String(parent)], { encoding: 'utf8' });
  return stdout
    .split('\n')
    .filter((line) => line.includes(text))
    .map((line) => Number.parseInt(line, 10));
}

test('accounts for every mail when its worker and its engine are killed again and again', async () => {
  const KILLS = 6;
  const killed: number[] = [];
  const { status, stdout } = await penstock(up('--limit', '1500'), (printed, child) => {
    // At every line it prints once mails are being done: the worker and the engine by turns.
    if (!/done [1-9]/.test(printed)) return;
    const service = killed.length % 2 === 0 ? 'mail-classifier' : 'inference-engine';
    const [pid] = childrenOf(child.pid as number, join('services', service, 'src', 'main.ts'));
    if (pid === undefined || killed.length === KILLS || killed.includes(pid)) return;
    process.kill(pid, 'SIGKILL');
    killed.push(pid);
  });
  expect(killed.length).toBeGreaterThan(0);
  expect(status).toBe(0);
  expect(stdout).toContain('1500 with one effect each + 0 dead letters + 0 open = 1500');
  // Counted again, past the platform's own books: the table of effects has no key that could hide a second row.
  const effects = new DatabaseSync(join(state, 'mailroom', 'run-1', 'effects.db'), { readOnly: true });
  const counted = effects.prepare('SELECT count(*) AS rows, count(DISTINCT mail_id) AS mails FROM verdicts').get();
  effects.close();
  expect(counted).toEqual(expect.objectContaining({ rows: 1500, mails: 1500 }));
}, 180_000);
