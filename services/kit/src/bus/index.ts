import { KitError } from '../errors.ts';
import type { Bus, BusAdmin } from './port.ts';
import { TracedBus } from './traced-bus.ts';

export type * from './port.ts';

interface Driver {
  /** @param url the whole address. */
  readonly open: (url: string) => Promise<Bus>;
  readonly openAdmin: (url: string) => Promise<BusAdmin>;
}

const sqlite = async (): Promise<Driver> => {
  const { openSqliteBus, openSqliteBusAdmin } = await import('./sqlite/sqlite-bus.ts');
  const optionsOf = (url: string) => ({ path: url.slice('sqlite:'.length) });
  return {
    open: (url) => openSqliteBus(optionsOf(url)),
    openAdmin: (url) => openSqliteBusAdmin(optionsOf(url)),
  };
};

const nats = async (): Promise<Driver> => {
  const { natsOptionsOf, openNatsBus, openNatsBusAdmin } = await import('./nats/nats-bus.ts');
  return {
    open: async (url) => openNatsBus(await natsOptionsOf(url)),
    openAdmin: async (url) => openNatsBusAdmin(await natsOptionsOf(url)),
  };
};

const redis = async (): Promise<Driver> => {
  const { openRedisBus, openRedisBusAdmin, redisOptionsOf } = await import('./redis/redis-bus.ts');
  return {
    open: async (url) => openRedisBus(await redisOptionsOf(url)),
    openAdmin: async (url) => openRedisBusAdmin(await redisOptionsOf(url)),
  };
};

const kafka = async (): Promise<Driver> => {
  const { kafkaOptionsOf, openKafkaBus, openKafkaBusAdmin } = await import('./kafka/kafka-bus.ts');
  return {
    open: async (url) => openKafkaBus(await kafkaOptionsOf(url)),
    openAdmin: async (url) => openKafkaBusAdmin(await kafkaOptionsOf(url)),
  };
};

const rabbitmq = async (): Promise<Driver> => {
  const { openRabbitmqBus, openRabbitmqBusAdmin, rabbitmqOptionsOf } = await import('./rabbitmq/rabbitmq-bus.ts');
  return {
    open: async (url) => openRabbitmqBus(await rabbitmqOptionsOf(url)),
    openAdmin: async (url) => openRabbitmqBusAdmin(await rabbitmqOptionsOf(url)),
  };
};

/** Each driver is loaded only when its scheme is used: a process on SQLite carries no network client. */
const DRIVERS: ReadonlyMap<string, () => Promise<Driver>> = new Map([
  ['sqlite', sqlite],
  ['nats', nats],
  ['redis', redis],
  ['rediss', redis],
  ['kafka', kafka],
  ['amqp', rabbitmq],
  ['amqps', rabbitmq],
]);

/**
 * Opens the backbone at an address.
 *
 * @param url `sqlite:/path/to/file`; `nats://host:port[,host:port]` with `?nkey=` and the file of a seed and `&ca=` and
 * the file of an authority where the servers ask for them; `redis://[user@]host:port`, `rediss://` for an encrypted
 * connection, with `?password=` and its file and `&ca=`; `kafka://host:port[,host:port]`, with `?ca=`, `cert=`, `key=` and
 * `passwordFile=` for files, and `user=`; `amqp://[user@]host:port[,host:port]`, `amqps://` for an encrypted connection,
 * with `?password=` and `&ca=` for files
 * @throws {KitError} `address-malformed`, and as the driver says
 */
export async function openBus(url: string): Promise<Bus> {
  return new TracedBus(await (await driverOf(url)).open(url));
}

/** The infrastructure's part of the same backbone. @throws {KitError} as `openBus` */
export async function openBusAdmin(url: string): Promise<BusAdmin> {
  return (await driverOf(url)).openAdmin(url);
}

async function driverOf(url: string): Promise<Driver> {
  const colon = url.indexOf(':');
  const driver = DRIVERS.get(url.slice(0, colon));
  if (driver !== undefined && url.length > colon + 1) return driver();
  throw new KitError(
    'address-malformed',
    `bus address: received ${JSON.stringify(url)}, expected sqlite:/path/to/file, nats://host:port, redis://host:port, kafka://host:port or amqp://host:port`,
  );
}
