import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { findKafka, KafkaBroker } from '../../test/helpers/kafka-broker.ts';
import { findNatsServer, NatsServer } from '../../test/helpers/nats-server.ts';
import { RabbitmqServer, rabbitmqRequirement } from '../../test/helpers/rabbitmq-server.ts';
import type { Absent, Contestant } from './contestant.ts';
import { openBullmq } from './peers/bullmq.ts';
import { openGraphileWorker } from './peers/graphile-worker.ts';
import { openOnServer, openSqlite } from './peers/penstock.ts';
import { openPgBoss } from './peers/pg-boss.ts';
import { openRawKafka } from './peers/raw-kafka.ts';
import { openRawNats } from './peers/raw-nats.ts';
import { openRawRabbitmq } from './peers/raw-rabbitmq.ts';
import { openRawRedis } from './peers/raw-redis.ts';
import { postgresVersion } from './servers/postgres.ts';
import { REDIS_SETTINGS, redisVersion, startRedis } from './servers/redis.ts';

/** In the order in which a round runs them. */
export const NAMES = [
  'penstock-sqlite',
  'sqlite-lockstep',
  'bullmq',
  'graphile-worker',
  'graphile-batched',
  'pg-boss',
  'penstock-nats',
  'nats.js',
  'penstock-redis',
  'redis.js',
  'penstock-kafka',
  'kafka.js',
  'penstock-rabbitmq',
  'rabbitmq-client',
] as const;

export type Name = (typeof NAMES)[number];

/** Ours, and the peer it is held against. */
export const PAIRS: readonly (readonly [ours: Name, peer: Name])[] = [
  ['penstock-sqlite', 'bullmq'],
  ['penstock-sqlite', 'graphile-worker'],
  ['penstock-sqlite', 'graphile-batched'],
  ['penstock-sqlite', 'pg-boss'],
  ['sqlite-lockstep', 'bullmq'],
  ['sqlite-lockstep', 'graphile-worker'],
  ['penstock-nats', 'nats.js'],
  ['penstock-redis', 'redis.js'],
  ['penstock-kafka', 'kafka.js'],
  ['penstock-rabbitmq', 'rabbitmq-client'],
];

/** Starts the contestants and their servers; whatever was started ends with `stack`. */
export async function openField(
  names: readonly Name[],
  stack: AsyncDisposableStack,
): Promise<{ readonly contestants: readonly Contestant[]; readonly absent: readonly Absent[] }> {
  const contestants: Contestant[] = [];
  const absent: Absent[] = [];
  const servers = new Servers(stack);
  for (const name of names) {
    const howToGet = missing(name);
    if (howToGet === undefined) contestants.push(stack.use(await open(name, servers)));
    else absent.push({ name, howToGet });
  }
  return { contestants, absent };
}

/** Each is started when the first contestant asks for it, and shared. */
class Servers {
  readonly #stack: AsyncDisposableStack;
  #nats: Promise<NatsServer> | undefined;
  #redis: ReturnType<typeof startRedis> | undefined;
  #kafka: Promise<KafkaBroker> | undefined;
  #rabbitmq: Promise<RabbitmqServer> | undefined;

  constructor(stack: AsyncDisposableStack) {
    this.#stack = stack;
  }

  async natsUrl(): Promise<string> {
    this.#nats ??= NatsServer.start().then((server) => this.#stack.use(server));
    return (await this.#nats).url;
  }

  async redisPort(): Promise<number> {
    this.#redis ??= startRedis().then((started) => {
      this.#stack.use(started.server);
      return started;
    });
    return (await this.#redis).port;
  }

  async kafkaAddress(): Promise<string> {
    this.#kafka ??= KafkaBroker.start().then((broker) => this.#stack.use(broker));
    return (await this.#kafka).address;
  }

  async rabbitmqUrl(): Promise<string> {
    this.#rabbitmq ??= RabbitmqServer.start().then((server) => this.#stack.use(server));
    return (await this.#rabbitmq).url;
  }
}

async function open(name: Name, servers: Servers): Promise<Contestant> {
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
    case 'pg-boss':
      return openPgBoss(versionOf('pg-boss'));
    case 'penstock-nats':
      return openOnServer(name, await servers.natsUrl(), natsSettings());
    case 'nats.js':
      return openRawNats(
        await servers.natsUrl(),
        `@nats-io/jetstream ${versionOf('@nats-io/jetstream')}, ${natsSettings()}`,
      );
    case 'penstock-redis':
      return openOnServer(name, `redis://127.0.0.1:${await servers.redisPort()}`, redisSettings());
    case 'redis.js':
      return openRawRedis(await servers.redisPort(), `@redis/client ${versionOf('@redis/client')}, ${redisSettings()}`);
    case 'penstock-kafka':
      return openOnServer(name, `kafka://${await servers.kafkaAddress()}`, KAFKA_SETTINGS);
    case 'kafka.js':
      return openRawKafka(
        await servers.kafkaAddress(),
        `@platformatic/kafka ${versionOf('@platformatic/kafka')}, ${KAFKA_SETTINGS}`,
      );
    case 'penstock-rabbitmq':
      return openOnServer(name, await servers.rabbitmqUrl(), RABBITMQ_SETTINGS);
    case 'rabbitmq-client':
      return openRawRabbitmq(
        await servers.rabbitmqUrl(),
        `rabbitmq-client ${versionOf('rabbitmq-client')}, ${RABBITMQ_SETTINGS}`,
      );
  }
}

const KAFKA_SETTINGS = '1 broker, 1 partition';
const RABBITMQ_SETTINGS = 'RabbitMQ 3.10: quorum queue, 1 node';
const redisSettings = (): string => `Redis ${redisVersion()}: ${REDIS_SETTINGS}`;

/** What to do about a server that is not here. */
function missing(name: Name): string | undefined {
  switch (name) {
    case 'penstock-sqlite':
    case 'sqlite-lockstep':
      return undefined;
    case 'bullmq':
    case 'penstock-redis':
    case 'redis.js':
      return redisVersion() === undefined ? 'sh .ci/peers/redis.sh' : undefined;
    case 'graphile-worker':
    case 'graphile-batched':
    case 'pg-boss':
      return postgresVersion() === undefined ? 'sh .ci/peers/postgres.sh' : undefined;
    case 'penstock-nats':
    case 'nats.js':
      return findNatsServer() === undefined ? naming('PENSTOCK_NATS_SERVER', 'nats.sh') : undefined;
    case 'penstock-kafka':
    case 'kafka.js':
      return findKafka() === undefined ? naming('PENSTOCK_KAFKA', 'kafka.sh') : undefined;
    case 'penstock-rabbitmq':
    case 'rabbitmq-client':
      return rabbitmqRequirement().available ? undefined : 'sh .ci/peers/rabbitmq.sh';
  }
}

const naming = (variable: string, script: string): string =>
  `export ${variable}=$(sh .ci/peers/${script} ~/.cache/penstock/peers)`;

function natsSettings(): string {
  const { stdout } = spawnSync(findNatsServer() ?? '', ['--version'], { encoding: 'utf8' });
  return `nats-server ${/v([\d.]+)/.exec(stdout ?? '')?.[1]}: file storage, sync_interval always, 1 server`;
}

export function versionOf(name: string): string {
  const text = readFileSync(new URL(`../../node_modules/${name}/package.json`, import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
