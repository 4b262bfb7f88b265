import type { ResolvedQueue, ResolvedTopic } from '@penstock/model';
import type { Binding } from '../../binding.ts';
import type { Trigger } from '../crd/trigger.ts';
import type { NatsService } from '../nats-service.ts';
import type { TriggerAuthentication } from '../trigger-authentication.ts';

/**
 * Work that waits and work that is being done, as its broker counts it: what a scaler wakes, adds and sleeps by. All of
 * them count what is in work, or a busy worker with nothing waiting would be stopped in the middle.
 */
export interface Backlog {
  readonly signal: 'backlog';
  readonly triggers: readonly [Trigger, ...Trigger[]];
}

const backlog = (...triggers: readonly [Trigger, ...Trigger[]]): Backlog => ({ signal: 'backlog', triggers });

/** One item is reason enough to start, and as long as there is one nothing goes to zero. */
const ANY = '0';

/**
 * A pull consumer of JetStream: pending and not yet acknowledged. KEDA asks the leader of the consumer and fails when
 * there is no such consumer.
 *
 * @param worker whose consumer it is, and the lag that one replica of it holds
 */
export function jetStreamLag(
  nats: NatsService,
  queue: Pick<ResolvedQueue, 'stream'>,
  worker: { readonly consumer: string; readonly lagThreshold: number },
): Backlog {
  return backlog({
    type: 'nats-jetstream',
    metadata: {
      natsServerMonitoringEndpoint: nats.monitoringEndpoint.lower(),
      account: nats.account,
      stream: queue.stream,
      consumer: worker.consumer,
      lagThreshold: String(worker.lagThreshold),
      activationLagThreshold: ANY,
      useHttps: 'false',
    },
  });
}

/** The brokers of a topic, and how KEDA gets in. Always encrypted. */
export interface KafkaBrokers {
  /** Of a service or of several brokers: one broker alone is away whenever it is replaced. */
  readonly bootstrapServers: Binding<string>;
  /** The oldest version among them, e.g. `4.1.0`: KEDA speaks what that one understands. */
  readonly version: string;
  readonly access:
    | {
        /** By a client certificate, or by a name and a password. */
        readonly by: 'certificate' | 'scram-sha-256' | 'scram-sha-512';
        readonly authentication: TriggerAuthentication<'kafka'>;
      }
    | {
        /** By IAM, as Amazon MSK has it. */
        readonly by: 'aws-iam';
        readonly region: Binding<string>;
        readonly authentication: TriggerAuthentication<'kafka'>;
      };
}

export interface KafkaLagProps {
  readonly brokers: KafkaBrokers;
  readonly topic: Pick<ResolvedTopic, 'name'>;
  readonly consumerGroup: string;
  /** Events behind that one replica holds and still keeps up. */
  readonly lagThreshold: number;
}

/**
 * A consumer group on one topic: what it has not committed. That is what is in work too, as long as a consumer commits
 * after its work. Groups that have committed nothing begin at the earliest event.
 *
 * @throws {ConstructError} `reference-missing` when the authentication is not what `by` says
 */
export function kafkaLag({ brokers, topic, consumerGroup, lagThreshold }: KafkaLagProps): Backlog {
  const { access } = brokers;
  const source = `Kafka by ${access.by}`;
  const sasl = {
    certificate: {},
    'scram-sha-256': { sasl: 'scram_sha256' as const },
    'scram-sha-512': { sasl: 'scram_sha512' as const },
    'aws-iam': { sasl: 'oauthbearer' as const, saslTokenProvider: 'aws_msk_iam' as const },
  }[access.by];
  const needed = access.by === 'certificate' ? (['cert', 'key'] as const) : (['username', 'password'] as const);
  return backlog({
    type: 'kafka',
    metadata: {
      bootstrapServers: brokers.bootstrapServers.lower(),
      version: brokers.version,
      tls: 'enable',
      ...sasl,
      ...(access.by === 'aws-iam' ? { awsRegion: access.region.lower() } : {}),
      topic: topic.name,
      consumerGroup,
      lagThreshold: String(lagThreshold),
      activationLagThreshold: ANY,
      offsetResetPolicy: 'earliest',
      scaleToZeroOnInvalidOffset: 'false',
    },
    authenticationRef: access.authentication.refer(source, access.by === 'aws-iam' ? 'pod-identity' : needed),
  });
}

export interface RabbitMqLengthProps {
  /** Of the management API, which knows what is in work; `http://` or `https://`, without a name or a password. */
  readonly management: Binding<string>;
  readonly virtualHost: string;
  readonly queue: string;
  /** Messages that one replica holds and still keeps the promise. */
  readonly lagThreshold: number;
  readonly authentication: TriggerAuthentication<'rabbitmq'>;
}

/**
 * A queue of RabbitMQ: ready and not yet acknowledged.
 *
 * @throws {ConstructError} `reference-missing` when the authentication has no name and password
 */
export function rabbitMqLength(props: RabbitMqLengthProps): Backlog {
  return backlog({
    type: 'rabbitmq',
    metadata: {
      host: props.management.lower(),
      protocol: 'http',
      vhostName: props.virtualHost,
      queueName: props.queue,
      mode: 'QueueLength',
      value: String(props.lagThreshold),
      activationValue: ANY,
    },
    authenticationRef: props.authentication.refer('RabbitMQ', ['username', 'password']),
  });
}

export interface RedisStreamLagProps {
  /** Host and port of a Redis 7 or Valkey: older ones do not count what a group has not read. */
  readonly address: Binding<string>;
  readonly stream: string;
  readonly consumerGroup: string;
  /** Entries that one replica holds and still keeps the promise. */
  readonly lagThreshold: number;
  readonly authentication: TriggerAuthentication<'redis-streams'>;
}

/**
 * A consumer group on a stream. No single number of Redis counts what waits and what is in work, so both are asked and
 * the larger need counts: what waits adds replicas, what is in work keeps those that do it.
 *
 * @throws {ConstructError} `reference-missing` when the authentication has no password
 */
export function redisStreamLag(props: RedisStreamLagProps): Backlog {
  const trigger = (target: { readonly lagCount: string } | { readonly pendingEntriesCount: string }): Trigger => ({
    type: 'redis-streams',
    metadata: {
      address: props.address.lower(),
      enableTLS: 'true',
      stream: props.stream,
      consumerGroup: props.consumerGroup,
      ...target,
      activationLagCount: ANY,
    },
    authenticationRef: props.authentication.refer('Redis', ['password']),
  });
  const target = String(props.lagThreshold);
  return backlog(trigger({ lagCount: target }), trigger({ pendingEntriesCount: target }));
}

export interface PostgresRowsProps {
  readonly database: {
    readonly host: Binding<string>;
    readonly port: Binding<number>;
    readonly name: string;
    readonly user: string;
    /** Whether the server's certificate is held against the authorities that KEDA's image trusts. */
    readonly verify: boolean;
  };
  /** Counts what waits and what is taken and not done, as one number. */
  readonly query: string;
  /** Rows that one replica holds and still keeps the promise. */
  readonly lagThreshold: number;
  readonly authentication: TriggerAuthentication<'postgresql'>;
}

/**
 * A queue in a table.
 *
 * @throws {ConstructError} `reference-missing` when the authentication has no password
 */
export function postgresRows({ database, query, lagThreshold, authentication }: PostgresRowsProps): Backlog {
  return backlog({
    type: 'postgresql',
    metadata: {
      host: database.host.lower(),
      port: String(database.port.lower()),
      dbName: database.name,
      userName: database.user,
      sslmode: database.verify ? 'verify-full' : 'require',
      query,
      targetQueryValue: String(lagThreshold),
      activationTargetQueryValue: ANY,
    },
    authenticationRef: authentication.refer('PostgreSQL', ['password']),
  });
}
