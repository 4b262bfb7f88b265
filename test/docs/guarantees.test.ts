import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import type { Guarantees } from '@penstock/kit';
import { KAFKA_GUARANTEES } from '../../services/kit/src/bus/kafka/guarantees.ts';
import { NATS_GUARANTEES } from '../../services/kit/src/bus/nats/guarantees.ts';
import { RABBITMQ_GUARANTEES } from '../../services/kit/src/bus/rabbitmq/guarantees.ts';
import { REDIS_GUARANTEES } from '../../services/kit/src/bus/redis/guarantees.ts';
import { SQLITE_GUARANTEES } from '../../services/kit/src/bus/sqlite/guarantees.ts';
import { KAFKA_LOG_GUARANTEES } from '../../services/kit/src/events/log/kafka/guarantees.ts';
import type { LogGuarantees } from '../../services/kit/src/events/log/port.ts';
import { SQLITE_LOG_GUARANTEES } from '../../services/kit/src/events/log/sqlite/guarantees.ts';
import { trackedFiles } from '../helpers/tracked-files.ts';

// docs/guarantees.md is written from what the drivers state and from the titles of the tests that hold them to it:
// PENSTOCK_UPDATE_GOLDEN=1 npm test -- test/docs

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const FILE = join(ROOT, 'docs', 'guarantees.md');
const DRIVERS: readonly Guarantees[] = [
  SQLITE_GUARANTEES,
  NATS_GUARANTEES,
  REDIS_GUARANTEES,
  KAFKA_GUARANTEES,
  RABBITMQ_GUARANTEES,
];

interface Row {
  readonly title: string;
  /** Titles of tests, the part before any name that is filled in. */
  readonly provedBy: readonly string[];
  /** Titles of tests that see the promise end where it is said to end. */
  readonly endsBy?: readonly string[];
}

const ROWS: Readonly<Record<Exclude<keyof Guarantees, 'driver'>, Row>> = {
  delivery: {
    title: 'Delivery',
    provedBy: [
      'delivers again when a lease runs out, with a greater token and the next attempt',
      'times lose no item and apply no effect twice',
    ],
  },
  durability: {
    title: 'Durability',
    provedBy: ['durability: an acked publish and an acked item are so for a client that opens later'],
  },
  order: { title: 'Order', provedBy: ['order: first published, first taken'] },
  duplicateWindow: {
    title: 'Duplicates',
    provedBy: [
      'duplicateWindow: a second publish of a key adds nothing, also after the first was acked',
      'duplicateWindow: without one, a second publish of a key is a second item that waits for the first',
      'duplicateWindow: without one and without turns, a second publish of a key is an item of its own',
    ],
    endsBy: ['takes a key again when the window for duplicates is over'],
  },
  lateAck: {
    title: 'A settlement after the lease',
    provedBy: ['rejects a settlement of a lease that is over'],
  },
  losesWhen: {
    title: 'Items are lost when',
    provedBy: [],
    endsBy: [
      'loses what it confirmed when its only copy loses its disk',
      'loses what it confirmed without an append-only file',
      'loses what it confirmed without synchronous commits',
    ],
  },
};

/** The log of events, by how its groups are joined. */
const LOGS: Readonly<Record<string, LogGuarantees>> = {
  sqlite: SQLITE_LOG_GUARANTEES,
  kafka: KAFKA_LOG_GUARANTEES.classic,
  'kafka, `groupProtocol=consumer`': KAFKA_LOG_GUARANTEES.consumer,
};

const LOG_ROWS: Readonly<Record<Exclude<keyof LogGuarantees, 'driver'>, Row>> = {
  durability: {
    title: 'Durability',
    provedBy: [
      'a broker that dies in the middle of a transaction leaves all of it or nothing, and the caller knows which',
    ],
  },
  order: { title: 'Order', provedBy: ['records of one key are in one partition, in the order they were produced'] },
  duplicates: {
    title: 'Duplicates',
    provedBy: ['a group goes on from what it committed, and takes again what it did not'],
  },
  rebalance: {
    title: 'When members come and go',
    provedBy: [
      'members of a group share the partitions, and one that leaves gives its own to the other',
      'a member that comes back under its name has its partitions again, and those of others stay where they are',
      'a partition that comes to another member has a greater epoch',
      'rejects a commit of a member that was given up',
    ],
  },
  losesWhen: { title: 'Records are lost when', provedBy: [] },
};

const quoted = (titles: readonly string[]): string => titles.map((title) => `“${title}”`).join('; ');

const document = (): string => {
  const sections = Object.entries(ROWS).map(([key, { title, provedBy, endsBy = [] }]) => {
    const statements = DRIVERS.map((driver) => `- **${driver.driver}**: ${driver[key as keyof Guarantees]}`);
    const proof =
      provedBy.length === 0
        ? 'Not a promise but its end: no test can show that nothing else loses items.'
        : `Held by: ${quoted(provedBy)}.`;
    const end =
      endsBy.length === 0
        ? []
        : ['', `Where it ends, a run shows it (\`test/chaos/weakened.int.test.ts\`): ${quoted(endsBy)}.`];
    return [`## ${title}`, ...statements, '', proof, ...end].join('\n');
  });
  const logs = Object.entries(LOG_ROWS).map(([key, { title, provedBy }]) => {
    const statements = Object.entries(LOGS).map(
      ([name, driver]) => `- **${name}**: ${driver[key as keyof LogGuarantees]}`,
    );
    const proof =
      provedBy.length === 0
        ? 'Not a promise but its end: no test can show that nothing else loses records.'
        : `Held by: ${quoted(provedBy)}.`;
    return [`### ${title}`, ...statements, '', proof].join('\n');
  });
  return `# What each driver of the bus promises

Written from the drivers' own statements (\`guarantees.ts\` beside each) and from the titles of the tests in \`test/conformance\` that every driver has to pass. What one driver promises and another does not is the reason to choose.

${sections.join('\n\n')}

## The log of events

What each driver of the log promises (docs/event-backbone.md).

${logs.join('\n\n')}
`;
};

test('the document says what the drivers state', () => {
  if (process.env['PENSTOCK_UPDATE_GOLDEN'] === '1') writeFileSync(FILE, document());
  expect(existsSync(FILE) ? readFileSync(FILE, 'utf8') : '').toBe(document());
});

test('every test it names is there', () => {
  const tests = trackedFiles(ROOT)
    .filter((file) => file.startsWith('test/conformance/') || file.startsWith('test/chaos/'))
    .map((file) => readFileSync(join(ROOT, file), 'utf8'))
    .join('\n');
  const named = [...Object.values(ROWS), ...Object.values(LOG_ROWS)].flatMap(({ provedBy, endsBy = [] }) => [
    ...provedBy,
    ...endsBy,
  ]);
  expect(named.filter((title) => !tests.includes(title))).toEqual([]);
});
