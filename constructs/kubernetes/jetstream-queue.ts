import { type Bytes, type QueueProfile, queueProfile, type ResolvedWorker, type Topology } from '@penstock/model';
import type { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { ConstructError } from '../errors.ts';
import { suppressionOf } from '../suppression.ts';
import type { Override } from './api-object.ts';
import { type ConsumerSpec, consumer, type StreamSpec, stream } from './crd/jetstream.ts';
import { platformMetadata } from './labels.ts';
import { goDuration } from './lowering.ts';
import type { NatsAccount } from './nats-account.ts';
import type { NatsService } from './nats-service.ts';

export interface JetStreamQueueProps {
  readonly topology: Topology;
  /** The queue's one consumer; the queue itself is the one it names. */
  readonly worker: ResolvedWorker;
  readonly nats: NatsService;
  /** How NACK connects to make them. @default - as NACK itself was told */
  readonly account?: NatsAccount;
  /** Disk that each of the two streams may take on every server. A full queue refuses publishers and loses nothing. */
  readonly maxBytes: Bytes;
  readonly overrides?: {
    readonly stream?: Override;
    readonly deadLetterStream?: Override;
    readonly consumer?: Override;
  };
}

/** The streams and the consumer of one queue, made by NACK. Services bind to them and create nothing. */
export class JetStreamQueue extends Construct {
  readonly nodes: { readonly stream: ApiObject; readonly deadLetterStream: ApiObject; readonly consumer: ApiObject };

  /** @throws {ConstructError} `durability-unavailable`, `reference-missing` */
  constructor(scope: Construct, id: string, props: JetStreamQueueProps) {
    super(scope, id);
    const { topology, worker, nats } = props;
    const queue = topology.queues[worker.queue];
    if (queue === undefined)
      throw new ConstructError('reference-missing', `worker ${worker.id}`, `no queue ${worker.queue}`);
    const profile = queueProfile(queue, worker);
    const replicas = replicasOf(profile, nats);
    const copies = replicas === 1 ? BEST_EFFORT : {};
    const storage = { replicas, maxBytes: props.maxBytes.bytes };
    const common = platformMetadata(topology, `${topology.name}-${queue.id}`, {
      'app.kubernetes.io/name': queue.id,
      'app.kubernetes.io/component': 'queue',
    });
    const metadata = (suffix: string, annotations: Readonly<Record<string, string>> = {}) => ({
      ...common,
      name: `${common.name}${suffix}`,
      annotations: { ...common.annotations, ...annotations },
    });
    const { overrides } = props;
    const by = props.account === undefined ? {} : { account: props.account.name };
    this.nodes = {
      stream: stream(
        this,
        'stream',
        { metadata: metadata('', copies), spec: { ...streamSpec(profile, storage), ...by } },
        overrides?.stream,
      ),
      deadLetterStream: stream(
        this,
        'dead-letter-stream',
        {
          metadata: metadata('-dead', { ...NO_AGE, ...copies }),
          spec: { ...deadLetterStreamSpec(profile, storage), ...by },
        },
        overrides?.deadLetterStream,
      ),
      consumer: consumer(
        this,
        'consumer',
        { metadata: metadata(`-${worker.id}`), spec: { ...consumerSpec(profile), ...by } },
        overrides?.consumer,
      ),
    };
    this.nodes.consumer.addDependency(this.nodes.stream);
  }
}

const NO_AGE = {
  [suppressionOf('stream-aged')]:
    'dead letters have no maxAge: they stay until a person removes them, bounded by maxBytes',
};

const BEST_EFFORT = {
  [suppressionOf('stream-replicated')]:
    'the queue is declared best-effort: its work may be lost with the server that has it',
};

/** Servers that keep each item. What an ack means is a fact of the cluster, not of the stream: here it can only be refused. */
function replicasOf({ id, durability }: QueueProfile, nats: NatsService): number {
  if (durability === 'best-effort') return 1;
  const expected = durability === 'fsync' ? 'a cluster with sync_interval: always' : 'a cluster of 3 or 5 servers';
  const holds = durability === 'fsync' ? nats.syncInterval === 'always' : nats.replicas > 1;
  if (!holds) {
    throw new ConstructError(
      'durability-unavailable',
      `queues.${id}.durability`,
      `received ${durability} on ${nats.replicas} server${nats.replicas === 1 ? '' : 's'} with ${nats.syncInterval} sync, expected ${expected}`,
    );
  }
  return nats.replicas;
}

export interface StreamStorage {
  /** Servers that hold a copy. */
  readonly replicas: number;
  /** Disk on each of them. */
  readonly maxBytes: number;
}

// What the services' NATS driver expects to find, field by field: it binds only to exactly this. The two are written
// twice, since infrastructure and services share nothing but the model; test/stacks holds them against each other.

/** Room for what the driver adds to an item. */
const ENVELOPE_BYTES = 1_024;
/** JetStream counts releases as deliveries too, and hides what has used its deliveries up: the driver counts attempts itself. */
const SPARE_DELIVERIES = 10_000;

export function streamSpec(profile: QueueProfile, { replicas, maxBytes }: StreamStorage): StreamSpec {
  return {
    name: profile.stream,
    subjects: [profile.subject],
    retention: 'workqueue',
    storage: 'file',
    replicas,
    discard: 'new',
    maxAge: goDuration(profile.retentionMs),
    maxBytes,
    maxMsgSize: profile.maxItemBytes + ENVELOPE_BYTES,
    duplicateWindow: goDuration(profile.duplicateWindowMs),
    preventDelete: true,
  };
}

/** Dead letters have no age: they stay until a person removes them. */
export function deadLetterStreamSpec(profile: QueueProfile, { replicas, maxBytes }: StreamStorage): StreamSpec {
  return {
    name: profile.deadLetterStream,
    subjects: [`${profile.deadLetterSubject}.>`],
    retention: 'limits',
    storage: 'file',
    replicas,
    discard: 'new',
    maxBytes,
    maxMsgsPerSubject: 1,
    duplicateWindow: goDuration(profile.duplicateWindowMs),
    allowDirect: true,
    allowMsgTtl: true,
    preventDelete: true,
  };
}

/**
 * No `backoff`: on the server it would replace the ack wait, and its first step would deliver healthy work twice. The
 * worker asks for its own wait when an attempt fails.
 */
export function consumerSpec(profile: QueueProfile): ConsumerSpec {
  return {
    streamName: profile.stream,
    durableName: profile.consumer,
    deliverPolicy: 'all',
    replayPolicy: 'instant',
    ackPolicy: 'explicit',
    ackWait: goDuration(profile.ackWaitMs),
    maxDeliver: profile.maxAttempts + SPARE_DELIVERIES,
    maxAckPending: profile.maxAckPending,
    filterSubject: profile.subject,
    preventDelete: true,
  };
}
