import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { headerOf, headersOf, type Log, type LogRecord, openLog, openLogAdmin } from '@penstock/kit/events';
import { aggregate, Processor, type ProcessorSpec, tumbling, type WindowResult } from '@penstock/kit/processing';
import { eventsData, eventsDataRequirement } from '../../../helpers/events-data.ts';
import { describeWith } from '../../../helpers/requirement.ts';
import { until } from '../events/outbox-suite.ts';

const PARTITIONS = 3;
const DAY_MS = 86_400_000;

let folder: string;
let log: Log;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'penstock-processor-'));
  const url = `sqlite:${join(folder, 'log.db')}`;
  await using admin = await openLogAdmin(url);
  for (const name of ['steps', 'steps-per-day', 'steps-late']) await admin.provision({ name, partitions: PARTITIONS });
  await admin.provision({ name: 'per-day-changelog', partitions: PARTITIONS, compacted: true });
  log = await openLog(url);
}, 60_000);
afterAll(async () => {
  await log.close();
  await rm(folder, { recursive: true });
});

const recordsOf = async (topic: string): Promise<readonly LogRecord[]> => {
  const bounds = await log.bounds(topic);
  const slices = await Promise.all(bounds.map(({ partition }) => log.read(topic, partition, 0, { limit: 100_000 })));
  return slices.flatMap(({ records }) => records);
};

const perDay: ProcessorSpec = {
  name: 'per-day',
  inputs: [
    {
      topic: 'steps',
      read: (record) => ({ key: record.key as string, time: Number(headerOf(record, 'time')), value: 1 }),
    },
  ],
  operator: aggregate(tumbling('24 hours'), { initial: 0, add: (sum: number, value: number) => sum + value }),
  output: 'steps-per-day',
  late: 'steps-late',
  allowedLateness: '48 hours',
};

describeWith(eventsDataRequirement, 'the log of a permit process', () => {
  test('is counted by day and group, though it is shuffled, the processor changes and loses its disk', async () => {
    const [head = '', ...lines] = readFileSync(eventsData('receipt.csv'), 'utf8').trimEnd().split('\n');
    const columns = head.trim().split(',');
    const steps = lines.map((line, index) => {
      const values = line.trim().split(',');
      const field = (name: string): string => values[columns.indexOf(name)] ?? '';
      return {
        id: `step-${index}`,
        group: field('org:group'),
        time: Date.parse(field('time:timestamp').replace(' ', 'T')),
      };
    });
    // In their order but for what a step may overtake: less than the lateness that is allowed.
    const shuffled = steps.toSorted((a, b) => a.time + ((a.time * 7) % DAY_MS) - (b.time + ((b.time * 7) % DAY_MS)));
    const records = shuffled.flatMap(({ id, group, time }, index) => {
      const record = { topic: 'steps', key: group, value: null, headers: headersOf({ id, time: String(time) }) };
      return index % 50 === 0 ? [record, record] : [record];
    });
    const last = Math.max(...steps.map(({ time }) => time)) + 10 * DAY_MS;
    const ends = Array.from({ length: PARTITIONS }, (_, partition) => ({
      topic: 'steps',
      partition,
      key: 'end',
      value: null,
      headers: headersOf({ id: `end-${partition}`, time: String(last) }),
    }));
    const half = Math.floor(records.length / 2);
    for (const [round, some] of [records.slice(0, half), [...records.slice(half), ...ends]].entries()) {
      await log.produce(some);
      // Each round is another process with another disk: all it knows is in the changelog.
      await using processor = new Processor({
        processor: perDay,
        log,
        folder: join(folder, `disk-${round}`),
        batch: 200,
        sessionMs: 1_000,
      });
      processor.start();
      await until(() => processor.state.isCaughtUp && processor.state.partitions.length === PARTITIONS);
      expect(processor.state.failure).toBeUndefined();
    }
    const expected = new Map<string, number>();
    for (const { group, time } of steps) {
      const day = `${group}/${Math.floor(time / DAY_MS)}`;
      expected.set(day, (expected.get(day) ?? 0) + 1);
    }
    const counted = (await recordsOf('steps-per-day')).map((record) => {
      const { start, sum } = JSON.parse(Buffer.from(record.value ?? []).toString()) as WindowResult<number>;
      return [`${record.key}/${start / DAY_MS}`, sum] as const;
    });
    expect(await recordsOf('steps-late')).toEqual([]);
    expect(counted.length).toBe(new Map(counted).size);
    expect(new Map(counted)).toEqual(expected);
    expect(steps.length).toBe(8_577);
  }, 240_000);
});

test.each([
  ['of no name', { name: '' }],
  ['that reads a topic twice', { inputs: [perDay.inputs[0], perDay.inputs[0]] as const }],
])('rejects a processor %s', (_, more) => {
  const make = () => new Processor({ processor: { ...perDay, ...more }, log, folder });
  expect(make).toThrow(expect.objectContaining({ code: 'processor-malformed' }));
});
