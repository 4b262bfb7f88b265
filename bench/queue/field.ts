import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { findNatsServer, NatsServer } from '../../test/helpers/nats-server.ts';
import type { Absent, Contestant } from './contestant.ts';
import { openBullmq } from './peers/bullmq.ts';
import { openGraphileWorker } from './peers/graphile-worker.ts';
import { openNats, openSqlite } from './peers/penstock.ts';
import { openRawNats } from './peers/raw-nats.ts';
import { postgresVersion } from './servers/postgres.ts';
import { redisVersion } from './servers/redis.ts';

/** In the order in which a round runs them. */
export const NAMES = [
  'penstock-sqlite',
  'sqlite-lockstep',
  'bullmq',
  'graphile-worker',
  'graphile-batched',
  'penstock-nats',
  'nats.js',
] as const;

export type Name = (typeof NAMES)[number];

/** Ours, and the peer it is held against. */
export const PAIRS: readonly (readonly [ours: Name, peer: Name])[] = [
  ['penstock-sqlite', 'bullmq'],
  ['penstock-sqlite', 'graphile-worker'],
  ['penstock-sqlite', 'graphile-batched'],
  ['sqlite-lockstep', 'bullmq'],
  ['sqlite-lockstep', 'graphile-worker'],
  ['penstock-nats', 'nats.js'],
];

/** Starts the contestants and their servers; whatever was started ends with `stack`. */
export async function openField(
  names: readonly Name[],
  stack: AsyncDisposableStack,
): Promise<{ readonly contestants: readonly Contestant[]; readonly absent: readonly Absent[] }> {
  const contestants: Contestant[] = [];
  const absent: Absent[] = [];
  let nats: NatsServer | undefined;
  for (const name of names) {
    const howToGet = missing(name);
    if (howToGet !== undefined) {
      absent.push({ name, howToGet });
      continue;
    }
    if (name === 'penstock-nats' || name === 'nats.js') nats ??= stack.use(await NatsServer.start());
    contestants.push(stack.use(await open(name, nats?.url ?? '')));
  }
  return { contestants, absent };
}

function open(name: Name, natsUrl: string): Promise<Contestant> {
  switch (name) {
    case 'penstock-sqlite':
      return openSqlite(name, 'derived');
    case 'sqlite-lockstep':
      return openSqlite(name, 'nothing');
    case 'bullmq':
      return openBullmq(versionOf('bullmq'));
    case 'graphile-worker':
      return openGraphileWorker(versionOf('graphile-worker'), 'plain');
    case 'graphile-batched':
      return openGraphileWorker(versionOf('graphile-worker'), 'batched');
    case 'penstock-nats':
      return openNats(natsUrl, natsSettings());
    case 'nats.js':
      return openRawNats(natsUrl, `@nats-io/jetstream ${versionOf('@nats-io/jetstream')}, ${natsSettings()}`);
  }
}

/** What to do about a server that is not here. */
function missing(name: Name): string | undefined {
  if (name === 'bullmq') return redisVersion() === undefined ? 'sh .ci/peers/redis.sh' : undefined;
  if (name.startsWith('graphile')) return postgresVersion() === undefined ? 'sh .ci/peers/postgres.sh' : undefined;
  if (name === 'penstock-sqlite' || name === 'sqlite-lockstep' || findNatsServer() !== undefined) return undefined;
  return 'export PENSTOCK_NATS_SERVER=$(sh .ci/peers/nats.sh ~/.cache/penstock/peers)';
}

function natsSettings(): string {
  const { stdout } = spawnSync(findNatsServer() ?? '', ['--version'], { encoding: 'utf8' });
  return `nats-server ${/v([\d.]+)/.exec(stdout ?? '')?.[1]}: file storage, sync_interval always, 1 server`;
}

function versionOf(name: string): string {
  const text = readFileSync(new URL(`../../node_modules/${name}/package.json`, import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
