import { KitError } from '../../errors.ts';
import type { Log, LogAdmin } from './port.ts';

interface Driver {
  readonly open: (url: string) => Promise<Log>;
  readonly openAdmin: (url: string) => Promise<LogAdmin>;
}

const sqlite = async (): Promise<Driver> => {
  const { openSqliteLog, openSqliteLogAdmin } = await import('./sqlite/sqlite-log.ts');
  const pathOf = (url: string): string => url.slice('sqlite:'.length);
  return {
    open: (url) => openSqliteLog({ path: pathOf(url) }),
    openAdmin: (url) => openSqliteLogAdmin({ path: pathOf(url) }),
  };
};

const kafka = async (): Promise<Driver> => {
  const { openKafkaLog, openKafkaLogAdmin } = await import('./kafka/kafka-log.ts');
  return { open: openKafkaLog, openAdmin: openKafkaLogAdmin };
};

/** Each is loaded only when its scheme is used: a process on SQLite carries no network client. */
const DRIVERS: ReadonlyMap<string, () => Promise<Driver>> = new Map([
  ['sqlite', sqlite],
  ['kafka', kafka],
]);

/**
 * Opens the log at an address. Its topics are there already: `openLogAdmin` makes them.
 *
 * @param url `sqlite:/path/to/file`, or `kafka://host:port[,host:port]` with the parameters of the bus on Kafka
 * @throws {KitError} `address-malformed`, `store-missing`, `store-mismatch`, `bus-unreachable`, `bus-refused`
 */
export async function openLog(url: string): Promise<Log> {
  return (await driverOf(url)).open(url);
}

/** Infrastructure's part. @throws {KitError} as `openLog`, and `storage-full` */
export async function openLogAdmin(url: string): Promise<LogAdmin> {
  return (await driverOf(url)).openAdmin(url);
}

async function driverOf(url: string): Promise<Driver> {
  const colon = url.indexOf(':');
  const driver = DRIVERS.get(url.slice(0, colon));
  if (driver !== undefined && url.length > colon + 1) return driver();
  throw new KitError(
    'address-malformed',
    `log: received ${JSON.stringify(url)}, expected sqlite:/path/to/file or kafka://host:port`,
  );
}
