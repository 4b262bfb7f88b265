import { join } from 'node:path';
import { kafkaRequirement } from '../test/helpers/kafka-broker.ts';
import { natsRequirement } from '../test/helpers/nats-server.ts';
import { postgresRequirement } from '../test/helpers/postgres-server.ts';
import { rabbitmqRequirement } from '../test/helpers/rabbitmq-server.ts';
import { redisRequirement } from '../test/helpers/redis-server.ts';
import type { Requirement } from '../test/helpers/requirement.ts';
import { openKafkaCluster, openNatsCluster } from './clusters.ts';
import { openEventsOnKafka } from './events-on-kafka.ts';
import { openKafka } from './kafka-broker.ts';
import type { Link } from './link.ts';
import type { BackboneName, LinkName, Plan } from './plan.ts';
import { openNats, openPostgres, openRabbitmq, openRedis } from './single-server.ts';

/** Servers of one kind, the networks before them, and how to hurt them. They serve many runs. */
export interface Backbone extends AsyncDisposable {
  /** Past the network that faults come to, for whoever provisions and looks on. */
  direct(plan: Plan, folder: string): string;
  through(link: LinkName, folder: string, lane: number): string;
  /** One for each lane; none where clients reach it without a network, or know its servers by name. */
  readonly networks: readonly Network[];
  /** Until a queue that was just made outlives its server. @default - it does at once */
  readonly keepsQueuesAfterMs?: number;
  /** @param server of a cluster */
  kill(server: number): Promise<void>;
  restart(server: number): Promise<void>;
  /** Where the log of events lies. @default - where the database does */
  log?(folder: string): string;
  /** Makes a database for a run. @default - there is one already */
  prepare?(database: string): Promise<void>;
  killDatabase?(): Promise<void>;
  restartDatabase?(): Promise<void>;
}

export type Network = Readonly<Record<LinkName, Link>>;

export interface BackboneKind {
  readonly requirement: Requirement;
  readonly durability: 'fsync' | 'replicated' | 'best-effort';
  /** Lanes share the servers, which take long to start: runs that kill one then follow those that do not. */
  readonly isShared: boolean;
  /** @param lanes that come through networks of their own */
  open(lanes: number): Promise<Backbone>;
}

const FILE: Requirement = { name: 'sqlite', available: true, howToGet: '' };

export const BACKBONE_KINDS: Readonly<Record<BackboneName, BackboneKind>> = {
  sqlite: { requirement: FILE, durability: 'fsync', isShared: false, open: () => openFile('bus.db') },
  nats: { requirement: natsRequirement(), durability: 'fsync', isShared: false, open: (lanes) => openNats(lanes) },
  'nats-cluster': { requirement: natsRequirement(), durability: 'replicated', isShared: false, open: openNatsCluster },
  redis: { requirement: redisRequirement(), durability: 'fsync', isShared: false, open: (lanes) => openRedis(lanes) },
  kafka: { requirement: kafkaRequirement(), durability: 'fsync', isShared: true, open: (lanes) => openKafka(lanes) },
  'kafka-cluster': {
    requirement: kafkaRequirement(),
    durability: 'replicated',
    isShared: true,
    open: openKafkaCluster,
  },
  rabbitmq: {
    requirement: rabbitmqRequirement(),
    durability: 'fsync',
    isShared: true,
    open: (lanes) => openRabbitmq(lanes),
  },
  'jobs-sqlite': { requirement: FILE, durability: 'fsync', isShared: false, open: () => openFile('jobs.db') },
  'jobs-postgres': {
    requirement: postgresRequirement(),
    durability: 'fsync',
    isShared: true,
    open: (lanes) => openPostgres(lanes),
  },
  'events-sqlite': { requirement: FILE, durability: 'fsync', isShared: false, open: openFiles },
  'events-kafka': {
    requirement: kafkaRequirement().available ? postgresRequirement() : kafkaRequirement(),
    durability: 'replicated',
    isShared: true,
    open: openEventsOnKafka,
  },
};

/** What loses what it has confirmed, once its server is killed: each is the setting or the loss that its guarantees name. */
export const FORGETFUL: Readonly<Partial<Record<BackboneName, BackboneKind>>> = {
  redis: { ...BACKBONE_KINDS.redis, durability: 'best-effort', open: (lanes) => openRedis(lanes, ['appendonly no']) },
  nats: { ...BACKBONE_KINDS.nats, open: (lanes) => openNats(lanes, true) },
  kafka: { ...BACKBONE_KINDS.kafka, open: (lanes) => openKafka(lanes, true) },
  rabbitmq: { ...BACKBONE_KINDS.rabbitmq, open: (lanes) => openRabbitmq(lanes, true) },
  'jobs-postgres': {
    ...BACKBONE_KINDS['jobs-postgres'],
    open: (lanes) => openPostgres(lanes, { synchronous_commit: 'off', wal_writer_delay: '10s' }),
  },
};

/** Events in one file, the log in another. */
async function openFiles(): Promise<Backbone> {
  return { ...(await openFile('events.db')), log: (folder) => `sqlite:${join(folder, 'log.db')}` };
}

async function openFile(name: string): Promise<Backbone> {
  const address = (folder: string): string => `sqlite:${join(folder, name)}`;
  return {
    direct: (_plan, folder) => address(folder),
    through: (_link, folder) => address(folder),
    networks: [],
    kill: async () => {},
    restart: async () => {},
    [Symbol.asyncDispose]: async () => {},
  };
}
