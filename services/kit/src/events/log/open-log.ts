import { type Engines, engineOf, pathOf } from '../../sql/engine-of.ts';
import type { Log, LogAdmin } from './port.ts';

const FORM = { what: 'log', expected: 'sqlite:/path/to/file or kafka://host:port' };

interface Driver {
  readonly open: (url: string) => Promise<Log>;
  readonly openAdmin: (url: string) => Promise<LogAdmin>;
}

const sqlite = async (): Promise<Driver> => {
  const { openSqliteLog, openSqliteLogAdmin } = await import('./sqlite/sqlite-log.ts');
  return {
    open: (url) => openSqliteLog({ path: pathOf(url) }),
    openAdmin: (url) => openSqliteLogAdmin({ path: pathOf(url) }),
  };
};

const kafka = async (): Promise<Driver> => {
  const [{ openKafkaLog }, { openKafkaLogAdmin }] = await Promise.all([
    import('./kafka/kafka-log.ts'),
    import('./kafka/kafka-log-admin.ts'),
  ]);
  return { open: openKafkaLog, openAdmin: openKafkaLogAdmin };
};

const DRIVERS: Engines<Driver> = new Map([
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
  return (await engineOf(url, DRIVERS, FORM)).open(url);
}

/** Infrastructure's part. @throws {KitError} as `openLog`, and `storage-full` */
export async function openLogAdmin(url: string): Promise<LogAdmin> {
  return (await engineOf(url, DRIVERS, FORM)).openAdmin(url);
}
