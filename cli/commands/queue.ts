import { readFile } from 'node:fs/promises';
import { Bytes, type BytesText } from '@penstock/model';
import { CommandError, EXIT } from '../exit.ts';
import { JobsClient, type ScheduleFacts } from '../jobs/jobs-client.ts';
import { taskQueueUrl } from '../jobs/server-url.ts';
import { jobLines, jobsTable, queuesTable, schedulesTable } from '../jobs/tables.ts';
import { countOption, parseOptions } from '../options.ts';

const HELP = `usage: penstock queue <verb> [options]

Looks at queues of jobs and operates them, by the API of a task queue.

  ls                         all queues: what they hold, how old it is, whether they run
  peek QUEUE                 jobs of a queue        [--state S] [--task T] [--group G] [--order newest|oldest] [--limit N]
  peek --job ID              one job with its history
  add QUEUE --task T         adds a job, and says whether its key was known
                             --payload JSON or --payload-file FILE; --key K
                             [--delay '5 minutes'] [--priority N] [--group G] [--order-key K]
  redrive QUEUE | --job ID   failed jobs ready again  [--task T] [--group G]
  cancel --job ID            cancels a job            [--reason TEXT]
  pause QUEUE, resume QUEUE  releases nothing more; releases again
                             [--schedule NAME] stops and goes on with that schedule alone
  drain QUEUE                pauses, and waits until nothing is out any more
  bound QUEUE                sets how much it takes   [--jobs N] [--bytes '1 GiB'], neither is no bound
  schedules QUEUE            what is added at its times, and when next
  schedule QUEUE             makes or changes a schedule
                             --schedule NAME --cron '30 2 * * *' --task T; --payload JSON or --payload-file FILE
                             [--time-zone Europe/Berlin] [--missed skip|run-once|run-all]
                             [--priority N] [--group G] [--order-key K]
  unschedule QUEUE --schedule NAME

  --url URL                  the task queue (default ${taskQueueUrl})
  --json                     what the server said, for programs
`;

const OPTIONS = {
  url: { type: 'string', default: taskQueueUrl },
  json: { type: 'boolean' },
  job: { type: 'string' },
  state: { type: 'string' },
  task: { type: 'string' },
  group: { type: 'string' },
  order: { type: 'string' },
  limit: { type: 'string', default: '20' },
  payload: { type: 'string' },
  'payload-file': { type: 'string' },
  key: { type: 'string' },
  delay: { type: 'string' },
  priority: { type: 'string' },
  'order-key': { type: 'string' },
  reason: { type: 'string' },
  jobs: { type: 'string' },
  bytes: { type: 'string' },
  schedule: { type: 'string' },
  cron: { type: 'string' },
  'time-zone': { type: 'string' },
  missed: { type: 'string' },
} as const;

type Options = NonNullable<ReturnType<typeof parseOptions<typeof OPTIONS>>>;

/** What a verb is given; it returns what the server said and how people read it. */
interface Call {
  readonly client: JobsClient;
  readonly queue: string | undefined;
  readonly options: Options;
}

interface Said {
  readonly value: unknown;
  readonly text: string;
}

const DRAIN_LOOK_MS = 500;

const VERBS: Readonly<Record<string, (call: Call) => Promise<Said>>> = {
  async ls({ client }) {
    const value = await client.queues();
    return { value, text: queuesTable(value.queues) };
  },
  async peek({ client, queue, options: { job, state, task, group, order, limit } }) {
    if (job !== undefined) {
      const value = await client.job(job);
      return { value, text: jobLines(value) };
    }
    const filter = { state, task, group, order, limit: String(countOption('limit', limit)) };
    const value = await client.list(needed('peek', queue), filter);
    const more = value.next === undefined ? '' : 'there are more: --limit takes up to 500\n';
    return { value, text: `${jobsTable(value.jobs)}${more}` };
  },
  async add({ client, queue, options }) {
    const { key, delay } = options;
    const job = { ...(await jobOf(options)), ...(delay === undefined ? {} : { delay }) };
    const value = await client.add(needed('add', queue), option('key', key), job);
    return { value, text: `${value.id}  ${value.duplicate ? 'was there with this key' : 'added'}\n` };
  },
  async redrive({ client, queue, options: { job, task, group } }) {
    if (job !== undefined) {
      const value = await client.redriveJob(job);
      return { value, text: `${value.id}  ${value.state}\n` };
    }
    const value = await client.redriveAll(needed('redrive', queue), { task, group });
    const skipped = Object.entries(value.skipped).filter(([, count]) => count > 0);
    const left = skipped.map(([why, count]) => `${count} left as they are: ${why}\n`).join('');
    return { value, text: `${value.redriven} redriven\n${left}` };
  },
  async cancel({ client, options: { job, reason } }) {
    const value = await client.cancel(option('job', job), reason);
    return { value, text: `${value.outcome}\n` };
  },
  async pause({ client, queue, options: { schedule } }) {
    const name = needed('pause', queue);
    if (schedule !== undefined) return scheduleSaid(await client.switchSchedule(name, schedule, 'pause'));
    const value = await client.pause(name);
    return { value, text: queuesTable([value]) };
  },
  async resume({ client, queue, options: { schedule } }) {
    const name = needed('resume', queue);
    if (schedule !== undefined) return scheduleSaid(await client.switchSchedule(name, schedule, 'resume'));
    const value = await client.resume(name);
    return { value, text: queuesTable([value]) };
  },
  async bound({ client, queue, options: { jobs, bytes } }) {
    const most = {
      ...(jobs === undefined ? {} : { jobs: countOption('jobs', jobs) }),
      ...(bytes === undefined ? {} : { bytes: bytesOption('bytes', bytes) }),
    };
    const value = await client.bound(needed('bound', queue), most);
    return { value, text: queuesTable([value]) };
  },
  async schedules({ client, queue }) {
    const value = await client.schedules(needed('schedules', queue));
    return { value, text: schedulesTable(value.schedules) };
  },
  async schedule({ client, queue, options }) {
    const { schedule, cron, 'time-zone': timeZone, missed } = options;
    const value = await client.putSchedule(needed('schedule', queue), option('schedule', schedule), {
      cron: option('cron', cron),
      ...(timeZone === undefined ? {} : { timeZone }),
      ...(missed === undefined ? {} : { missed }),
      job: await jobOf(options),
    });
    return scheduleSaid(value);
  },
  async unschedule({ client, queue, options: { schedule } }) {
    const name = option('schedule', schedule);
    await client.removeSchedule(needed('unschedule', queue), name);
    return { value: { removed: name }, text: `${name}  removed\n` };
  },
  async drain({ client, queue }) {
    const name = needed('drain', queue);
    let value = await client.pause(name);
    while (!value.isDrained) {
      process.stderr.write(`\r${value.states.released + value.states.running} out `);
      await new Promise((resolve) => setTimeout(resolve, DRAIN_LOOK_MS));
      value = await client.queue(name);
    }
    return { value, text: queuesTable([value]) };
  },
};

const scheduleSaid = (value: ScheduleFacts): Said => ({ value, text: schedulesTable([value]) });

/** `penstock queue`: jobs for people at a terminal, and for scripts with `--json`. */
export async function queue(args: readonly string[]): Promise<number> {
  const [verb, ...rest] = args;
  if (verb === undefined || verb.startsWith('-')) {
    parseOptions(args, OPTIONS, HELP);
    if (verb === undefined) throw new CommandError('usage', `a verb is missing\n\n${HELP}`);
    return EXIT.ok;
  }
  const run = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
  if (run === undefined) throw new CommandError('usage', `no verb "${verb}"\n\n${HELP}`);
  const name = rest[0]?.startsWith('-') === false ? rest[0] : undefined;
  const options = parseOptions(name === undefined ? rest : rest.slice(1), OPTIONS, HELP);
  if (options === undefined) return EXIT.ok;
  const { value, text } = await run({ client: new JobsClient(options.url), queue: name, options });
  process.stdout.write(options.json === true ? `${JSON.stringify(value, null, 2)}\n` : text);
  return EXIT.ok;
}

function needed(verb: string, queue: string | undefined): string {
  if (queue !== undefined) return queue;
  throw new CommandError('usage', `which queue? penstock queue ${verb} QUEUE; \`penstock queue ls\` lists them`);
}

function option(name: string, value: string | undefined): string {
  if (value !== undefined) return value;
  throw new CommandError('usage', `--${name} is missing; \`penstock queue --help\` says more`);
}

function bytesOption(name: string, text: string): number {
  try {
    return Bytes.parse(text as BytesText).bytes;
  } catch (cause) {
    throw new CommandError('usage', `--${name}: received "${text}", expected a size, e.g. '1 GiB'`, { cause });
  }
}

/** What is said of a job that is added, now or at each time of a schedule. */
async function jobOf(options: Options) {
  const { task, priority, group, 'order-key': orderKey } = options;
  return {
    task: option('task', task),
    payload: await payloadOf(options),
    ...(priority === undefined ? {} : { priority: Number(priority) }),
    ...(group === undefined ? {} : { group }),
    ...(orderKey === undefined ? {} : { orderKey }),
  };
}

async function payloadOf({ payload, 'payload-file': file }: Options): Promise<unknown> {
  if ((payload === undefined) === (file === undefined))
    throw new CommandError('usage', 'one of --payload and --payload-file is needed');
  const text = payload ?? (await readFile(file as string, 'utf8'));
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new CommandError('input-invalid', `the payload is no JSON: ${(cause as Error).message}`, { cause });
  }
}
