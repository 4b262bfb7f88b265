// Made by `npm run generate:triggers` from KEDA's own list of the parameters of its triggers and from corrections.ts.
// KEDA main, scalers-schema.json sha256:6ac5ae0a045d39704d93828f4e920c48ce5e151ec09d1d9b57260c1e8e0b11b0

/** What may stand in a manifest of a `nats-jetstream` trigger. KEDA reads every parameter as text. */
export interface NatsJetstreamMetadata {
  /** The code starts no scaler without it. */
  readonly account: string;
  readonly stream: string;
  readonly consumer: string;
  /** @default '10' */
  readonly lagThreshold?: string;
  /** @default '0' */
  readonly activationLagThreshold?: string;
  /** @default 'false' */
  readonly useHttps?: 'true' | 'false';
  readonly natsServerMonitoringEndpoint: string;
}

/** What a `nats-jetstream` trigger takes from a TriggerAuthentication only. */
export type NatsJetstreamCredential = never;

/** What may stand in a manifest of a `kafka` trigger. KEDA reads every parameter as text. */
export interface KafkaMetadata {
  readonly bootstrapServers: string;
  readonly consumerGroup: string;
  /** Without it a group that has committed nothing has no topic and never wakes. */
  readonly topic: string;
  /** @default - none */
  readonly partitionLimitation?: string;
  /** @default '10' */
  readonly lagThreshold?: string;
  /** @default '0' */
  readonly activationLagThreshold?: string;
  /** It has to be what the consumers do themselves where nothing is committed. */
  readonly offsetResetPolicy: 'latest' | 'earliest';
  /** A group that has committed nothing yet would sleep over its first items. */
  readonly scaleToZeroOnInvalidOffset: 'false';
  /** @default 'false' */
  readonly limitToPartitionsWithLag?: 'true' | 'false';
  /** @default 'false' */
  readonly ensureEvenDistributionOfPartitions?: 'true' | 'false';
  /** The code speaks 1.0.0 by default, which Kafka 4 no longer does. */
  readonly version: string;
  /** @default 'disable' */
  readonly tls?: 'enable' | 'disable';
  /** @default - none */
  readonly sasl?: 'none' | 'plaintext' | 'scram_sha256' | 'scram_sha512' | 'oauthbearer' | 'gssapi';
  /** @default - none */
  readonly saslTokenProvider?: 'bearer' | 'aws_msk_iam';
  /** @default - none */
  readonly awsRegion?: string;
}

/** What a `kafka` trigger takes from a TriggerAuthentication only. */
export type KafkaCredential =
  | 'ca'
  | 'cert'
  | 'key'
  | 'keyPassword'
  | 'username'
  | 'password'
  | 'scopes'
  | 'oauthTokenEndpointUri'
  | 'oauthExtensions'
  | 'keytab'
  | 'realm'
  | 'kerberosConfig'
  | 'kerberosServiceName'
  | 'kerberosDisableFAST';

/** What may stand in a manifest of a `rabbitmq` trigger. KEDA reads every parameter as text. */
export interface RabbitmqMetadata {
  readonly queueName: string;
  /** The code knows these and wants one where a value is given. */
  readonly mode:
    | 'QueueLength'
    | 'MessageRate'
    | 'DeliverGetRate'
    | 'PublishedToDeliveredRatio'
    | 'ExpectedQueueConsumptionTime';
  /** The code falls back to 20 of whatever is counted. */
  readonly value: string;
  /** @default - none */
  readonly activationValue?: string;
  readonly host: string;
  /** By AMQP only what is ready counts: a busy worker would look idle. */
  readonly protocol: 'http';
  /** @default - none */
  readonly vhostName?: string;
  /** @default - none */
  readonly useRegex?: string;
  /** @default '100' */
  readonly pageSize?: string;
  /** The code knows these. @default 'sum' */
  readonly operation?: 'sum' | 'avg' | 'max';
  /** @default - none */
  readonly timeout?: string;
}

/** What a `rabbitmq` trigger takes from a TriggerAuthentication only. */
export type RabbitmqCredential =
  | 'username'
  | 'password'
  | 'ca'
  | 'cert'
  | 'key'
  | 'keyPassword'
  | 'tls'
  | 'workloadIdentityResource';

/** What may stand in a manifest of a `redis-streams` trigger. KEDA reads every parameter as text. */
export interface RedisStreamsMetadata {
  /** @default '5' */
  readonly pendingEntriesCount?: string;
  /** @default - none */
  readonly lagCount?: string;
  readonly stream: string;
  /** Without it the length of the stream counts, which keeps what is done. */
  readonly consumerGroup: string;
  /** @default - none */
  readonly databaseIndex?: string;
  readonly address: string;
  /** @default '0' */
  readonly activationLagCount?: string;
  /** The code parses a boolean. @default - none */
  readonly enableTLS?: 'true' | 'false';
}

/** What a `redis-streams` trigger takes from a TriggerAuthentication only. */
export type RedisStreamsCredential = 'username' | 'password' | 'cert' | 'key' | 'keyPassword' | 'ca';

/** What may stand in a manifest of a `postgresql` trigger. KEDA reads every parameter as text. */
export interface PostgresqlMetadata {
  /** The code starts no scaler without it. */
  readonly targetQueryValue: string;
  /** @default - none */
  readonly activationTargetQueryValue?: string;
  readonly query: string;
  /** The code wants every part where connection, a text with the password in it, is not given. */
  readonly host: string;
  /** The code wants every part where connection, a text with the password in it, is not given. */
  readonly port: string;
  /** The code wants every part where connection, a text with the password in it, is not given. */
  readonly userName: string;
  /** The code wants every part where connection, a text with the password in it, is not given. */
  readonly dbName: string;
  /** The code wants it, and takes modes in which the password is sent as it is. */
  readonly sslmode: 'require' | 'verify-ca' | 'verify-full';
}

/** What a `postgresql` trigger takes from a TriggerAuthentication only. */
export type PostgresqlCredential = 'password';

/** What may stand in a manifest of a `prometheus` trigger. KEDA reads every parameter as text. */
export interface PrometheusMetadata {
  readonly serverAddress: string;
  readonly query: string;
  readonly threshold: string;
  /** By default any rate at all keeps the last replica from sleeping. */
  readonly activationThreshold: string;
  /** @default - none */
  readonly namespace?: string;
  /** By default a series that is missing is a zero, and the fallback never hears of it. */
  readonly ignoreNullValues: 'false';
  /** @default - none */
  readonly awsRegion?: string;
  /** @default - none */
  readonly timeout?: string;
  /** Its struct is not followed by the list; without authModes the code reads none of them, not even ca. @default - none */
  readonly authModes?: 'bearer' | 'basic' | 'tls';
}

/** What a `prometheus` trigger takes from a TriggerAuthentication only. */
export type PrometheusCredential = 'bearerToken' | 'username' | 'password' | 'cert' | 'key' | 'ca';

export interface TriggerMetadata {
  readonly 'nats-jetstream': NatsJetstreamMetadata;
  readonly kafka: KafkaMetadata;
  readonly rabbitmq: RabbitmqMetadata;
  readonly 'redis-streams': RedisStreamsMetadata;
  readonly postgresql: PostgresqlMetadata;
  readonly prometheus: PrometheusMetadata;
}

export interface TriggerCredential {
  readonly 'nats-jetstream': NatsJetstreamCredential;
  readonly kafka: KafkaCredential;
  readonly rabbitmq: RabbitmqCredential;
  readonly 'redis-streams': RedisStreamsCredential;
  readonly postgresql: PostgresqlCredential;
  readonly prometheus: PrometheusCredential;
}

export type TriggerType = keyof TriggerMetadata;
