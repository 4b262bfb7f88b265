import { type Log, openLog, openLogAdmin, readDeadRecords, redriveRecords, replayRecords } from '@penstock/kit/events';
import { CommandError, EXIT } from '../exit.ts';
import { countOption, parseOptions } from '../options.ts';
import { loadPlatform } from '../platform-file.ts';
import { differences, type PlannedTopic, planOfTopics, planText, unfinishedBehind } from '../topics/topic-plan.ts';

const HELP = `usage: penstock topics <verb> [options]

Topics as the declaration wants them, and what lies in them.

  plan         prints what the declaration comes to: partitions, retention, groups, dead letters
  check        holds the log against it. Exit 0: as declared; 1: not
  apply        makes what is missing. A topic that has to become wider is refused while one of its groups has not done
               all that is there: from then on keys go to other partitions, and a later record may overtake an earlier one
               [--wider-out-of-order: does it all the same]
  lag          where a group is in a topic    --topic NAME --group NAME
  letters      dead letters, with their history    --topic NAME [--limit 20]
  redrive      gives dead letters back    --topic NAME [--to NAME] [--per-second 100]
  replay       sends what a topic holds to another one again, e.g. to a retry topic of the consumer that needs it
               --topic NAME --to NAME [--since TIME] [--until TIME] [--key KEY]... [--per-second 100] [--rehearse]

  --log URL         sqlite:/path/to/file or kafka://host:port
  --platform FILE   the declaration (default stacks/platform.ts)
`;

const OPTIONS = {
  log: { type: 'string' },
  platform: { type: 'string', default: 'stacks/platform.ts' },
  topic: { type: 'string' },
  group: { type: 'string' },
  to: { type: 'string' },
  since: { type: 'string' },
  until: { type: 'string' },
  key: { type: 'string', multiple: true },
  limit: { type: 'string', default: '20' },
  'per-second': { type: 'string', default: '100' },
  rehearse: { type: 'boolean', default: false },
  'wider-out-of-order': { type: 'boolean', default: false },
} as const;

type Options = NonNullable<ReturnType<typeof parseOptions<typeof OPTIONS>>>;

const say = (text: string): void => void process.stdout.write(`${text}\n`);

const VERBS: Readonly<Record<string, (options: Options) => Promise<number>>> = {
  async plan(options) {
    process.stdout.write(planText(await planned(options)));
    return EXIT.ok;
  },
  async check(options) {
    const topics = await planned(options);
    await using log = await openLog(needed('log', options.log));
    const found = await differences(log, topics);
    for (const { topic, detail } of found) say(`${topic}: ${detail}`);
    if (found.length === 0) say(`${topics.length} topics are as declared`);
    return found.length === 0 ? EXIT.ok : EXIT.failed;
  },
  async apply(options) {
    const topics = await planned(options);
    const url = needed('log', options.log);
    await using admin = await openLogAdmin(url);
    // A file without a topic holds no log yet.
    const [first] = topics;
    if (first === undefined) return EXIT.ok;
    await using log = await openLog(url).catch(() => undefined);
    const unfinished = log === undefined ? [] : await unfinishedBehind(log, topics);
    if (unfinished.length > 0 && !options['wider-out-of-order'])
      throw new CommandError(
        'findings',
        `keys would go to other partitions while records are not done:\n${unfinished.map(({ topic, detail }) => `  ${topic}: ${detail}`).join('\n')}\nstop who writes, let the groups come to the end, and apply it again`,
      );
    for (const { name, partitions, retentionMs } of topics) {
      await admin.provision({ name, partitions, ...(retentionMs === undefined ? {} : { retentionMs }) });
      say(`${name}  ${partitions} partitions`);
    }
    return EXIT.ok;
  },
  async lag(options) {
    await using log = await openLog(needed('log', options.log));
    const partitions = await log.lag(needed('group', options.group), needed('topic', options.topic));
    for (const { partition, committed, end, lag } of partitions)
      say(`partition ${partition}  done to ${committed ?? 'nothing'} of ${end}  lag ${lag}`);
    return EXIT.ok;
  },
  async letters(options) {
    await using log = await openLog(needed('log', options.log));
    const letters = await readDeadRecords(log, needed('topic', options.topic), countOption('limit', options.limit));
    for (const { record, origin, history } of letters) {
      say(`${record.key ?? '(no key)'}  from ${origin.topic}/${origin.partition}/${origin.offset}`);
      for (const { attempt, at, error } of history)
        say(`  ${new Date(at).toISOString()}  attempt ${attempt}: ${error}`);
    }
    return EXIT.ok;
  },
  async redrive(options) {
    await using log = await openLog(needed('log', options.log));
    const to = options.to === undefined ? {} : { to: options.to };
    const perSecond = countOption('per-second', options['per-second']);
    const sent = await redriveRecords({
      log,
      deadLetters: needed('topic', options.topic),
      perSecond,
      signal: interrupted(),
      ...to,
    });
    say(`${sent} given back`);
    return EXIT.ok;
  },
  async replay(options) {
    await using log: Log = await openLog(needed('log', options.log));
    const { looked, chosen } = await replayRecords({
      log,
      topic: needed('topic', options.topic),
      to: needed('to', options.to),
      ...timeOption('since', options.since),
      ...timeOption('until', options.until),
      ...(options.key === undefined ? {} : { keys: new Set(options.key) }),
      perSecond: countOption('per-second', options['per-second']),
      isRehearsal: options.rehearse,
      signal: interrupted(),
    });
    say(`${looked} looked at, ${chosen} ${options.rehearse ? 'to be sent' : 'sent'}`);
    return EXIT.ok;
  },
};

export async function topics([verb, ...args]: readonly string[]): Promise<number> {
  if (verb === '--help') {
    process.stdout.write(HELP);
    return EXIT.ok;
  }
  const run = verb !== undefined && Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
  if (run === undefined) throw new CommandError('usage', `topics: no verb ${JSON.stringify(verb ?? '')}\n\n${HELP}`);
  const options = parseOptions(args, OPTIONS, HELP);
  return options === undefined ? EXIT.ok : run(options);
}

const planned = async ({ platform }: Options): Promise<readonly PlannedTopic[]> =>
  planOfTopics(await loadPlatform(platform));

/** What was sent stays sent; the rest is for the next time. */
function interrupted(): AbortSignal {
  const ending = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ending.abort());
  return ending.signal;
}

function timeOption<Name extends 'since' | 'until'>(name: Name, text: string | undefined): { [key in Name]?: number } {
  if (text === undefined) return {};
  const time = Date.parse(text);
  if (!Number.isNaN(time)) return { [name]: time } as { [key in Name]?: number };
  throw new CommandError('usage', `--${name}: received "${text}", expected a time, e.g. 2026-11-30T12:00:00Z`);
}

function needed(name: string, value: string | undefined): string {
  if (value !== undefined) return value;
  throw new CommandError('usage', `--${name} is missing; \`penstock topics --help\` says more`);
}
