import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { eventConsumer, logConsumer, rawConsumer, topicConsumer } from './events/consume.ts';
import { idleLatency } from './events/latency.ts';
import { memoryOver } from './events/memory.ts';
import { logProducer, type Measure, rawProducer, relay } from './events/produce.ts';
import { rebuild } from './events/rebuild.ts';
import { openStage } from './events/stage.ts';
import { probeFsync } from './fsync-probe.ts';
import { positive, runBench } from './options.ts';
import { formatSpread, formatTable, ratioOf, spreadOf } from './report.ts';

// npm run bench:events -- [--events small|full|<number>] [--rounds 3] [--minutes 10] [--json]

const SIZES: Readonly<Record<string, number>> = { small: 5_000, full: 100_000 };

interface Row {
  readonly name: string;
  readonly measure: Measure;
  /** What it is held against. */
  readonly peer?: string;
}

const ROWS: readonly Row[] = [
  { name: 'produce: kafka.js', measure: rawProducer },
  { name: 'produce: log', measure: logProducer, peer: 'produce: kafka.js' },
  { name: 'produce: relay', measure: relay, peer: 'produce: kafka.js' },
  { name: 'consume: kafka.js', measure: rawConsumer },
  { name: 'consume: log', measure: logConsumer, peer: 'consume: kafka.js' },
  { name: 'consume: TopicConsumer', measure: topicConsumer, peer: 'consume: kafka.js' },
  { name: 'consume: EventConsumer', measure: eventConsumer, peer: 'consume: kafka.js' },
  { name: 'rebuild a projection', measure: rebuild },
];

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      events: { type: 'string', default: 'full' },
      rounds: { type: 'string', default: '3' },
      minutes: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const events = SIZES[values.events] ?? positive('events', values.events);
  const rounds = positive('rounds', values.rounds);
  const minutes = values.minutes === undefined ? 0 : positive('minutes', values.minutes);
  const fsyncMs = probeFsync();
  const load = loadavg()[0] ?? 0;
  await using stage = await openStage();
  const rates = new Map<string, number[]>(ROWS.map(({ name }) => [name, []]));
  for (const { measure } of ROWS) await measure(stage, SIZES['small'] ?? 0);
  for (let round = 0; round < rounds; round++)
    for (const { name, measure } of ROWS) rates.get(name)?.push(await measure(stage, events));
  const latency = await idleLatency(stage);
  const memory = minutes === 0 ? [] : await memoryOver(stage, minutes);
  const machine = `Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? 'unknown CPU'}, load ${load.toFixed(1)}`;
  if (values.json) {
    console.log(
      JSON.stringify({ machine, events, rounds, fsyncMs, rates: Object.fromEntries(rates), latency, memory }),
    );
    return;
  }
  console.log(`${machine}; one synced 4 KiB write: ${formatSpread(fsyncMs, 2)} ms`);
  console.log(
    `${events} events of 256 bytes, 3 partitions, 1 broker; ${rounds} rounds, interleaved, after a warm-up\n`,
  );
  const of = (name: string): readonly number[] => rates.get(name) ?? [];
  console.log(
    formatTable([
      ['events a second', 'ours', 'of the raw client'],
      ...ROWS.map(({ name, peer }) => [
        name,
        formatSpread(spreadOf(of(name))),
        peer === undefined ? '' : formatSpread(ratioOf(of(name), of(peer)), 2),
      ]),
    ]),
  );
  console.log(`\nidle, from append to reader: p50 ${latency.p50.toFixed(1)} ms, p99 ${latency.p99.toFixed(1)} ms`);
  if (memory.length > 0)
    console.log(
      `\n${formatTable([['minute', 'heap MiB', 'rss MiB'], ...memory.map(({ minute, heapMib, rssMib }) => [minute.toFixed(1), heapMib.toFixed(1), rssMib.toFixed(0)])])}`,
    );
}

await runBench(main);
