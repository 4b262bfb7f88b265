import { KitError } from '@penstock/kit';
import type { Direction } from './link.ts';
import { SeededRandom } from './random.ts';

// What happens in a run, decided before it begins: it follows from a seed alone and can be written down and run again.

export const BACKBONES = [
  'sqlite',
  'nats',
  'nats-cluster',
  'redis',
  'kafka',
  'kafka-cluster',
  'rabbitmq',
  'jobs-sqlite',
  'jobs-postgres',
  'events-sqlite',
  'events-kafka',
] as const;
export type BackboneName = (typeof BACKBONES)[number];

export interface Plan {
  readonly backbone: BackboneName;
  readonly seed: number;
  readonly workers: number;
  /** Items that one worker has in hand at once. */
  readonly concurrency: number;
  readonly prefetch: number;
  readonly ackWaitMs: number;
  /** Publishes under way at once. With one, one worker and one place of work, the order of the queue can be seen. */
  readonly publishers: number;
  readonly isOrdered: boolean;
  readonly items: readonly PlannedItem[];
  readonly faults: readonly PlannedFault[];
}

export interface PlannedItem {
  readonly key: string;
  readonly workMs: number;
  /**
   * Attempts that fail before one succeeds; `refused` fails for good and belongs to the dead letters, and so does a job
   * that `always` fails, once its attempts are used up.
   */
  readonly failures: number | 'refused' | 'always';
  /** Of a job: those with one key run one after the other. Of an event: its aggregate. */
  readonly orderKey?: string;
  /** Of a job: part of its work is a step. */
  readonly hasStep?: boolean;
}

/** Of those whose items are jobs, in a store, with a bus of their own and dispatchers between. */
export const isOfJobs = (backbone: BackboneName): boolean => backbone.startsWith('jobs-');

/** Of those whose items are events: appended to an outbox, relayed into a log, applied behind an inbox. */
export const isOfEvents = (backbone: BackboneName): boolean => backbone.startsWith('events-');

/** Whether a server dies in it. */
export const killsServers = ({ faults }: Plan): boolean =>
  faults.some(({ fault }) => fault.kind === 'kill-broker' || fault.kind === 'kill-database');

/** By the run's own events: how fast a machine is does not matter. */
export interface Moment {
  readonly event: RunEvent;
  /** 1 is the first of its kind. */
  readonly count: number;
}

/** An item published, a delivery begun, its work done. */
export type RunEvent = 'published' | 'begun' | 'applied';

export interface PlannedFault {
  readonly at: Moment;
  readonly fault: Fault;
}

export type LinkName = 'publishers' | 'workers';

export type Fault =
  | { readonly kind: 'kill-worker'; readonly worker: number }
  | { readonly kind: 'stop-worker'; readonly worker: number; readonly forMs: number }
  | { readonly kind: 'jump-clock'; readonly worker: number; readonly byMs: number }
  | { readonly kind: 'cut'; readonly link: LinkName }
  | {
      readonly kind: 'stall' | 'lose';
      readonly link: LinkName;
      readonly directions: readonly Direction[];
      readonly forMs: number;
    }
  | { readonly kind: 'delay'; readonly link: LinkName; readonly byMs: number; readonly forMs: number }
  | { readonly kind: 'refuse'; readonly link: LinkName; readonly forMs: number }
  | { readonly kind: 'publish-again'; readonly item: number }
  | { readonly kind: 'kill-dispatcher'; readonly dispatcher: number }
  | { readonly kind: 'stop-dispatcher'; readonly dispatcher: number; readonly forMs: number }
  | { readonly kind: 'cancel'; readonly item: number }
  | { readonly kind: 'kill-broker'; readonly server: number; readonly forMs: number }
  | { readonly kind: 'kill-database'; readonly forMs: number }
  | { readonly kind: 'fill-disk'; readonly forMs: number };

export type FaultKind = Fault['kind'];

const PROCESS_FAULTS: readonly FaultKind[] = ['kill-worker', 'stop-worker', 'jump-clock', 'publish-again'];
const NETWORK_FAULTS: readonly FaultKind[] = ['cut', 'stall', 'lose', 'delay', 'refuse'];
const JOB_FAULTS: readonly FaultKind[] = [...PROCESS_FAULTS, 'kill-dispatcher', 'stop-dispatcher', 'cancel', 'cancel'];

const EVENT_FAULTS: readonly FaultKind[] = [...PROCESS_FAULTS, 'kill-dispatcher', 'stop-dispatcher'];

/** What can happen on each, as often as it stands here. */
export const FAULTS: Readonly<Record<BackboneName, readonly FaultKind[]>> = {
  sqlite: [...PROCESS_FAULTS, ...PROCESS_FAULTS, 'fill-disk'],
  nats: [...PROCESS_FAULTS, ...NETWORK_FAULTS, 'kill-broker'],
  'nats-cluster': [...PROCESS_FAULTS, 'kill-broker'],
  redis: [...PROCESS_FAULTS, ...NETWORK_FAULTS, 'kill-broker'],
  // These take their time to start again.
  kafka: [...PROCESS_FAULTS, ...PROCESS_FAULTS, ...NETWORK_FAULTS, ...NETWORK_FAULTS, 'kill-broker'],
  'kafka-cluster': [...PROCESS_FAULTS, ...PROCESS_FAULTS, 'kill-broker'],
  rabbitmq: [...PROCESS_FAULTS, ...PROCESS_FAULTS, ...NETWORK_FAULTS, ...NETWORK_FAULTS, 'kill-broker'],
  'jobs-sqlite': JOB_FAULTS,
  'jobs-postgres': [...JOB_FAULTS, ...NETWORK_FAULTS, 'kill-broker'],
  'events-sqlite': EVENT_FAULTS,
  'events-kafka': [...EVENT_FAULTS, 'kill-broker', 'kill-broker', 'kill-database'],
};

/** Long enough that a busy machine keeps its leases, short enough that losing one does not fill a run. */
const ACK_WAIT_MS = 800;
/** Beyond a lease, whenever it was extended last. */
const STOPPED_MS = [1_000, 1_600] as const;
/** Beyond its lead, so that it goes on as one of two who believe that they lead. */
const STOPPED_DISPATCHER_MS = [1_800, 2_600] as const;
const ORDERED_SHARE = 0.25;
/** By seconds where times of a process stay behind it: an item leased until tomorrow is waited for until tomorrow. */
const FORWARD_MS = [500, 3_000] as const;
const BACKWARD_MS = [1_000, 600_000] as const;
/** A file keeps the time at which an item can be taken: on a clock that was set back, that is to come. */
const BACKWARD_IN_FILE_MS = FORWARD_MS;
const KEPT_IN_FILES: readonly BackboneName[] = [
  'sqlite',
  'jobs-sqlite',
  'jobs-postgres',
  'events-sqlite',
  'events-kafka',
];
const SERVERS = 3;
const DISPATCHERS = 2;
const ORDER_KEYS = 4;
const AGGREGATES = 8;

export function planOf(backbone: BackboneName, seed: number): Plan {
  const random = new SeededRandom(`${backbone} ${seed}`);
  // The order of jobs is that of their keys, whoever works on them.
  const isOrdered = !isOfJobs(backbone) && !isOfEvents(backbone) && random.chance(ORDERED_SHARE);
  const count = random.between(30, 60);
  const items = Array.from({ length: count }, (_, index) =>
    isOfJobs(backbone)
      ? jobOf(random, index)
      : isOfEvents(backbone)
        ? eventOf(random, index)
        : itemOf(random, index, isOrdered),
  );
  const workers = isOrdered ? 1 : random.between(2, 3);
  const faults = Array.from({ length: random.between(2, 3) }, () => faultOf(random, backbone, workers, count));
  return {
    backbone,
    seed,
    workers,
    concurrency: isOrdered ? 1 : random.between(2, 6),
    prefetch: random.between(2, 10),
    ackWaitMs: ACK_WAIT_MS,
    publishers: isOrdered ? 1 : random.between(1, 6),
    isOrdered,
    items,
    faults,
  };
}

function itemOf(random: SeededRandom, index: number, isOrdered: boolean): PlannedItem {
  const workMs = random.chance(0.1) ? random.between(20, 120) : random.between(0, 8);
  const draw = random.next();
  const failures = draw < 0.05 ? 'refused' : draw < 0.15 && !isOrdered ? random.between(1, 2) : 0;
  return { key: `item-${index}`, workMs, failures };
}

function jobOf(random: SeededRandom, index: number): PlannedItem {
  const item = itemOf(random, index, false);
  const orderKey = random.chance(0.4) ? { orderKey: `order-${random.between(1, ORDER_KEYS)}` } : {};
  const step = random.chance(0.3) ? { hasStep: true } : {};
  const isHopeless = random.chance(0.05);
  return { ...item, ...(isHopeless ? { failures: 'always' as const } : {}), ...orderKey, ...step };
}

/** Its aggregate is its key. */
function eventOf(random: SeededRandom, index: number): PlannedItem {
  return { ...itemOf(random, index, false), orderKey: `aggregate-${random.between(1, AGGREGATES)}` };
}

function faultOf(random: SeededRandom, backbone: BackboneName, workers: number, items: number): PlannedFault {
  const event = random.pick(['published', 'begun', 'applied'] as const);
  // The last items may fail or be lost on their way to a handler: a moment has to come.
  const at = { event, count: random.between(1, Math.floor(items * 0.8)) };
  return { at, fault: detailsOf(random, backbone, workers, items) };
}

function detailsOf(random: SeededRandom, backbone: BackboneName, workers: number, items: number): Fault {
  const kind = random.pick(FAULTS[backbone]);
  const worker = random.between(0, workers - 1);
  const link = random.chance(0.7) ? 'workers' : 'publishers';
  const directions = random.pick([['up'], ['down'], ['up', 'down']] as const);
  switch (kind) {
    case 'kill-worker':
      return { kind, worker };
    case 'stop-worker':
      return { kind, worker, forMs: random.between(...STOPPED_MS) };
    case 'jump-clock': {
      const [least, most] = KEPT_IN_FILES.includes(backbone) ? BACKWARD_IN_FILE_MS : BACKWARD_MS;
      return { kind, worker, byMs: random.chance(0.5) ? random.between(...FORWARD_MS) : -random.between(least, most) };
    }
    case 'cut':
      return { kind, link };
    case 'stall':
    case 'lose':
      return { kind, link, directions, forMs: random.between(100, 1_200) };
    case 'delay':
      return { kind, link, byMs: random.between(5, 60), forMs: random.between(200, 1_000) };
    case 'refuse':
      return { kind, link, forMs: random.between(100, 1_000) };
    case 'publish-again':
      return { kind, item: random.between(0, items - 1) };
    case 'kill-dispatcher':
      return { kind, dispatcher: random.between(0, DISPATCHERS - 1) };
    case 'stop-dispatcher':
      return { kind, dispatcher: random.between(0, DISPATCHERS - 1), forMs: random.between(...STOPPED_DISPATCHER_MS) };
    case 'cancel':
      return { kind, item: random.between(0, items - 1) };
    case 'kill-broker':
      return { kind, server: random.between(0, SERVERS - 1), forMs: random.between(0, 500) };
    case 'kill-database':
      return { kind, forMs: random.between(0, 500) };
    case 'fill-disk':
      return { kind, forMs: random.between(100, 600) };
  }
}

/** A plan as it was written down. @throws {KitError} `item-malformed` */
export function readPlan(text: string): Plan {
  const { plan } = JSON.parse(text) as { readonly plan?: Plan };
  if (plan !== undefined && BACKBONES.includes(plan.backbone) && Array.isArray(plan.faults)) return plan;
  throw new KitError('item-malformed', 'this file holds no plan of a run', {
    repair: 'name one that a run with findings has left',
  });
}
