import { mkdir, mkdtemp } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { styleText } from 'node:util';
import { CommandError, EXIT } from '../exit.ts';
import { standingText } from '../local/view.ts';
import { countOption, parseOptions } from '../options.ts';
import { flightOrders, permitOrders } from '../orders/order-source.ts';
import { type OrdersProgress, OrdersRun } from '../orders/orders-run.ts';
import { whenAborted } from '../when-aborted.ts';

const HELP = `usage: penstock orders [options]      (npm start -- --example orders [options])

Runs a shop on this machine: every order is reserved, charged, shipped and confirmed by jobs, or taken back where a step
fails. Providers answer late or not at all and processes are killed; then the books are audited to the cent. A task queue
shows every job while it runs.

  --limit N      orders at most (default 1000)
  --permits FILE orders from the log of a permit process instead of the flights that come with this project
  --replicas N   processes of the worker at most (default: processors of this machine); the model says how many of them
  --kills N      processes killed on the way: workers, and the task queue (default 3)
  --seed TEXT    draws which calls meet a fault (default 1)
  --bus URL      nats://, redis://, kafka://, amqp:// (default: an embedded broker in the run's folder)
  --port N       port of the task queue and its dashboard (default: a free one)
  --stay         goes on after the audit until ctrl-C, to look at the dashboard
  --state DIR    where runs are kept (default .penstock)
  --once         accepted for symmetry with the platform: this run ends by itself, unless told to --stay
`;

const OPTIONS = {
  limit: { type: 'string', default: '1000' },
  permits: { type: 'string' },
  replicas: { type: 'string' },
  kills: { type: 'string', default: '3' },
  seed: { type: 'string', default: '1' },
  bus: { type: 'string' },
  state: { type: 'string', default: '.penstock' },
  port: { type: 'string' },
  stay: { type: 'boolean' },
  once: { type: 'boolean' },
} as const;

export async function orders(args: readonly string[]): Promise<number> {
  const options = parseOptions(args, OPTIONS, HELP);
  if (options === undefined) return EXIT.ok;
  const limit = countOption('limit', options.limit);
  const kills = Number(options.kills) === 0 ? 0 : countOption('kills', options.kills);
  const source = options.permits === undefined ? await flightOrders(limit) : await permitOrders(options.permits, limit);
  const folder = await newFolder(resolve(options.state));
  const startedAt = performance.now();
  const show = progressLine();
  const run = new OrdersRun({
    folder,
    source,
    kills,
    seed: options.seed,
    mostReplicas: options.replicas === undefined ? availableParallelism() : countOption('replicas', options.replicas),
    port: options.port === undefined ? 0 : countOption('port', options.port),
    onListening: (url) => show.note(`dashboard  ${url}`),
    onProgress: show,
    onScaled: (standing) => show.note(standingText(standing)),
    ...(options.bus === undefined ? {} : { busUrl: options.bus }),
  });
  process.stdout.write(`${source.orders.length} orders of ${source.title}\n  ${styleText('dim', source.rule)}\n`);
  const interruption = interruptionOf();
  let broken: readonly string[] = [];
  await run.execute(interruption, async ({ audit, providers }) => {
    show.end();
    if (interruption.aborted) return;
    const seconds = (performance.now() - startedAt) / 1_000;
    const outcomes = [...audit.outcomes]
      .toSorted(([, a], [, b]) => b - a)
      .map(([outcome, count]) => `${count} ${outcome}`);
    const row = (label: string, text: string): string => `  ${styleText('dim', label.padEnd(10))}${text}\n`;
    process.stdout.write(
      [
        `${styleText('bold', 'audited')}\n`,
        row('orders', outcomes.join(', ')),
        row(
          'faults',
          `${run.kills} processes killed, ${providers.faults.unavailable} calls refused, ${providers.faults.answersLost} answers lost, ${providers.repeats} calls repeated by key`,
        ),
        row(
          'speed',
          `${(source.orders.length / seconds).toFixed(1)} orders/s, five or six transactions each and a job more to tell`,
        ),
        ...audit.findings.map(({ title, holds, detail }) =>
          row(holds ? 'holds' : styleText('red', 'BROKEN'), `${title}: ${detail}`),
        ),
        row('look', relative(process.cwd(), join(folder, 'shop.db'))),
      ].join(''),
    );
    broken = audit.findings.filter(({ holds }) => !holds).map(({ title }) => title);
    if (options.stay !== true) return;
    process.stdout.write('stays up; ctrl-C stops it\n');
    await whenAborted(interruption);
  });
  if (broken.length > 0) throw new CommandError('run-incomplete', `the books do not balance: ${broken.join('; ')}`);
  return interruption.aborted && options.stay !== true ? EXIT.interrupted : EXIT.ok;
}

async function newFolder(state: string): Promise<string> {
  const parent = join(state, 'shop');
  await mkdir(parent, { recursive: true });
  return mkdtemp(join(parent, 'run-'));
}

function interruptionOf(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort());
  return controller.signal;
}

/** One line that is written over on a terminal; elsewhere a line a tenth. */
function progressLine(): ((progress: OrdersProgress) => void) & {
  readonly note: (text: string) => void;
  readonly end: () => void;
} {
  const isTerminal = process.stdout.isTTY === true;
  let tenth = 0;
  const show = ({ total, placed, finished, kills }: OrdersProgress): void => {
    const text = `placed ${placed}, finished ${finished} of ${total}, ${kills} processes killed`;
    if (isTerminal) process.stdout.write(`\r\u001b[2K${text}`);
    else if (Math.floor((10 * finished) / total) > tenth) {
      tenth = Math.floor((10 * finished) / total);
      process.stdout.write(`${text}\n`);
    }
  };
  const end = (): void => void (isTerminal && process.stdout.write('\r\u001b[2K'));
  const note = (text: string): void => {
    end();
    process.stdout.write(`${text}\n`);
  };
  return Object.assign(show, { note, end });
}
