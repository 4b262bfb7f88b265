// Where KEDA's list of parameters says less than its code does, or allows what no scaler of ours may do. Each entry is
// one parameter and the reason; the rest of a trigger is as KEDA lists it.

/** The triggers that types are made for; one line makes one more. */
export const TRIGGER_TYPES = [
  'nats-jetstream',
  'kafka',
  'rabbitmq',
  'redis-streams',
  'postgresql',
  'prometheus',
] as const;

export interface Correction {
  /**
   * `demanded`: listed as optional, and never to be left out. `limited`: takes only `values`. `credential`: only by a
   * TriggerAuthentication. `left-out`: not offered. `added`: known to the code and not listed.
   */
  readonly as: 'demanded' | 'limited' | 'credential' | 'left-out' | 'added' | 'added-credential';
  /** The only values it takes. @default - those that KEDA lists, or any text */
  readonly values?: readonly string[];
  readonly because: string;
}

const NO_SCALER = 'the code starts no scaler without it';
const UNVERIFIED: Correction = { as: 'left-out', because: 'whoever answers would be believed' };
const ONE_ADDRESS: Correction = { as: 'left-out', because: 'address says it' };
const OTHER_TRIGGER: Correction = { as: 'left-out', because: 'it belongs to the trigger for sentinels' };
const MAY_CARRY_KEYS: Correction = { as: 'left-out', because: 'keys go this way, and anyone may read a manifest' };
const AUTH_MODES = 'its struct is not followed by the list; without authModes the code reads none of them, not even ca';
const PART_OF_CONNECTION: Correction = {
  as: 'demanded',
  because: 'the code wants every part where connection, a text with the password in it, is not given',
};

export const CORRECTIONS: Readonly<
  Partial<Record<(typeof TRIGGER_TYPES)[number], Readonly<Record<string, Correction>>>>
> = {
  'nats-jetstream': {
    account: { as: 'demanded', because: NO_SCALER },
    accountID: { as: 'left-out', because: 'account says it: the name of an account in our configuration is its id' },
  },
  kafka: {
    topic: { as: 'demanded', because: 'without it a group that has committed nothing has no topic and never wakes' },
    version: { as: 'demanded', because: 'the code speaks 1.0.0 by default, which Kafka 4 no longer does' },
    offsetResetPolicy: {
      as: 'demanded',
      because: 'it has to be what the consumers do themselves where nothing is committed',
    },
    scaleToZeroOnInvalidOffset: {
      as: 'demanded',
      values: ['false'],
      because: 'a group that has committed nothing yet would sleep over its first items',
    },
    excludePersistentLag: { as: 'left-out', because: 'an item in work for longer than one look would be no lag' },
    allowIdleConsumers: { as: 'left-out', because: 'a replica beyond the partitions is paid for and reads nothing' },
    fullMetadata: { as: 'left-out', because: 'no release knows it yet' },
    unsafeSsl: UNVERIFIED,
  },
  rabbitmq: {
    mode: {
      as: 'demanded',
      values: [
        'QueueLength',
        'MessageRate',
        'DeliverGetRate',
        'PublishedToDeliveredRatio',
        'ExpectedQueueConsumptionTime',
      ],
      because: 'the code knows these and wants one where a value is given',
    },
    value: { as: 'demanded', because: 'the code falls back to 20 of whatever is counted' },
    protocol: {
      as: 'demanded',
      values: ['http'],
      because: 'by AMQP only what is ready counts: a busy worker would look idle',
    },
    operation: { as: 'limited', values: ['sum', 'avg', 'max'], because: 'the code knows these' },
    excludeUnacknowledged: { as: 'left-out', because: 'items in work would not count: a busy worker would look idle' },
    queueLength: { as: 'left-out', because: 'deprecated for mode and value' },
    unsafeSsl: UNVERIFIED,
  },
  'redis-streams': {
    consumerGroup: { as: 'demanded', because: 'without it the length of the stream counts, which keeps what is done' },
    streamLength: { as: 'left-out', because: 'the length of a stream is no backlog: it keeps what is done' },
    username: { as: 'credential', because: 'anyone may read a manifest' },
    password: { as: 'credential', because: 'anyone may read a manifest' },
    enableTLS: { as: 'limited', values: ['true', 'false'], because: 'the code parses a boolean' },
    tls: { as: 'left-out', because: 'enableTLS says it' },
    Cert: { as: 'left-out', because: 'a second spelling of cert' },
    addresses: ONE_ADDRESS,
    host: ONE_ADDRESS,
    hosts: ONE_ADDRESS,
    port: ONE_ADDRESS,
    ports: ONE_ADDRESS,
    sentinelUsername: OTHER_TRIGGER,
    sentinelPassword: OTHER_TRIGGER,
    sentinelMaster: OTHER_TRIGGER,
    unsafeSsl: UNVERIFIED,
  },
  postgresql: {
    targetQueryValue: { as: 'demanded', because: NO_SCALER },
    host: PART_OF_CONNECTION,
    port: PART_OF_CONNECTION,
    userName: PART_OF_CONNECTION,
    dbName: PART_OF_CONNECTION,
    sslmode: {
      as: 'demanded',
      values: ['require', 'verify-ca', 'verify-full'],
      because: 'the code wants it, and takes modes in which the password is sent as it is',
    },
    connection: { as: 'left-out', because: 'its parts are stated, and only the password among them is secret' },
  },
  prometheus: {
    ignoreNullValues: {
      as: 'demanded',
      values: ['false'],
      because: 'by default a series that is missing is a zero, and the fallback never hears of it',
    },
    activationThreshold: { as: 'demanded', because: 'by default any rate at all keeps the last replica from sleeping' },
    authModes: { as: 'added', values: ['bearer', 'basic', 'tls'], because: AUTH_MODES },
    bearerToken: { as: 'added-credential', because: AUTH_MODES },
    username: { as: 'added-credential', because: AUTH_MODES },
    password: { as: 'added-credential', because: AUTH_MODES },
    cert: { as: 'added-credential', because: AUTH_MODES },
    key: { as: 'added-credential', because: AUTH_MODES },
    ca: { as: 'added-credential', because: AUTH_MODES },
    customHeaders: MAY_CARRY_KEYS,
    queryParameters: MAY_CARRY_KEYS,
    identityOwner: { as: 'left-out', because: 'the TriggerAuthentication says whose identity it is' },
    unsafeSsl: UNVERIFIED,
  },
};
