import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { relative, resolve } from 'node:path';
import { Rate } from '@penstock/model';
import { CommandError, EXIT } from '../exit.ts';
import { corpusMails } from '../input/corpus.ts';
import { mailsOfFile } from '../input/json-lines.ts';
import type { MailSource, Truth } from '../input/mail.ts';
import { LocalRun } from '../local/local-run.ts';
import { accuracyOf, type Verdict } from '../local/progress.ts';
import { RunFolder } from '../local/run-folder.ts';
import { summarize } from '../local/summary.ts';
import { checkTargets, type TargetResult } from '../local/targets.ts';
import { LiveView, type Screen, standingText } from '../local/view.ts';
import { localModel } from '../models/local-model.ts';
import { countOption, parseOptions } from '../options.ts';
import { loadPlatform } from '../platform-file.ts';
import { whenAborted } from '../when-aborted.ts';

const HELP = `usage: penstock up [options]      (npm start -- [options])

Runs the platform on this machine: synthesizes and checks every target, makes the queues, starts the services as
processes, feeds them real mails and shows what happens. ctrl-C at any moment loses nothing: the same command goes on.

  --once              exit 0 after everything is done and accounted for
  --input FILE        your own mails, one JSON object a line: {"subject", "body", "id"?, "label"?}
                      (default: the SpamAssassin public corpus, the half the classifier was not trained on)
  --limit N           mails at most (default 500 with --once, else all)
  --rate R            mails that come, whatever is done of them, e.g. 50/s (default: as many as there is room for)
  --replicas N        processes of a worker at most (default: processors of this machine); the model says how many of them,
                      and how many an engine carries, which has one process here
  --bus URL           nats://host:port (default: an embedded broker in the run's folder)
  --model ID          all-minilm-l6-v2 or hashed-ngrams-384 (default: the first that can be had)
  --engine-port N     port of the engine's API (default: a free one)
  --state DIR         where runs are kept (default .penstock)
  --platform FILE     the declaration (default stacks/platform.ts)
  --example orders    runs the shop instead (penstock orders --help says more)
`;

const OPTIONS = {
  once: { type: 'boolean' },
  input: { type: 'string' },
  limit: { type: 'string' },
  rate: { type: 'string' },
  replicas: { type: 'string' },
  bus: { type: 'string' },
  model: { type: 'string' },
  'engine-port': { type: 'string' },
  state: { type: 'string', default: '.penstock' },
  platform: { type: 'string', default: 'stacks/platform.ts' },
} as const;

const ONCE_LIMIT = 500;

export async function up(args: readonly string[]): Promise<number> {
  const launchedAt = Date.now();
  const example = exampleOf(args);
  if (example !== undefined) return (await import('./orders.ts')).orders(example);
  const options = parseOptions(args, OPTIONS, HELP);
  if (options === undefined) return EXIT.ok;
  const once = options.once === true;
  // Everything that can be wrong with what was written is found before anything is started.
  const topology = await loadPlatform(options.platform);
  const enginePort = options['engine-port'] === undefined ? 0 : countOption('engine-port', options['engine-port']);
  const mostReplicas =
    options.replicas === undefined ? availableParallelism() : countOption('replicas', options.replicas);
  const rate = options.rate === undefined ? undefined : rateOption(options.rate);
  const source = await openSource(options.input, options.limit, once);

  const screen: Screen = {
    isTerminal: process.stdout.isTTY === true,
    columns: process.stdout.columns ?? 80,
    write: (text) => void process.stdout.write(text),
  };
  const model = await localModel(options.model, screen);
  const bus = options.bus ?? 'embedded';
  const run = await RunFolder.open(resolve(options.state), {
    topology: topology.name,
    input: source.identity,
    bus,
    model: model.id,
  });
  const view = new LiveView(screen, { topology: topology.name, bus, model: model.title, run: run.name });
  view.note(
    run.resumed
      ? `goes on with ${run.name}: ${run.fed} of ${source.count} mails were fed`
      : `${run.name}: ${source.count} mails of ${source.title}`,
  );

  let firstDoneMs: number | undefined;
  let targets: Promise<readonly TargetResult[]> | undefined;
  const check = () => checkTargets(options.platform, ({ line }) => view.note(line));
  const local = new LocalRun({
    topology,
    run,
    busUrl: options.bus ?? `sqlite:${run.file('bus.db')}`,
    source,
    model,
    enginePort,
    mostReplicas,
    ...(rate === undefined ? {} : { ratePerSecond: rate }),
    onScaled: (standing) => view.note(standingText(standing)),
    onProgress: (progress) => {
      const [first] = progress.verdicts;
      if (first !== undefined && first.doneAt >= launchedAt) firstDoneMs ??= first.doneAt - launchedAt;
      // The cloud libraries are large: they are loaded once the first mail is through, in a process of their own.
      if (first !== undefined) targets ??= check();
      view.update(progress);
    },
  });
  const interruption = watchSignals(local);
  try {
    await local.execute();
    const results = interruption.aborted ? [] : await (targets ?? check());
    const truth = await source.classes();
    const account = await local.account(truth);
    const finished = account.open.length === 0;
    const verdictsFile = await writeVerdicts(run, local.verdicts, truth);
    view.clear();
    view.note(
      summarize({
        source: source.title,
        bus: options.bus ?? 'embedded broker (SQLite, every group of commits fsynced)',
        model: model.title,
        account,
        accuracy: accuracyOf(local.verdicts, truth),
        verdicts: local.verdicts,
        restarts: local.restarts,
        firstDoneMs,
        targets: results.map(({ line }) => line),
        verdictsFile,
        finished,
      }),
    );
    if (account.twice.length + account.strangers.length > 0) {
      throw new CommandError('run-incomplete', 'effects and input do not match; the run is kept for a closer look');
    }
    if (!finished) return EXIT.interrupted;
    await run.finish();
    if (results.some(({ ok }) => !ok))
      throw new CommandError('findings', 'a target breaks the rules; `penstock check` says which');
    if (!once && !interruption.aborted) {
      view.note(`\nstays up: engine API at ${local.engineUrls.join(', ')}; ctrl-C stops it`);
      await whenAborted(interruption);
    }
    return EXIT.ok;
  } finally {
    await local.close();
  }
}

function rateOption(text: string): number {
  const expected = 'a rate above nothing, e.g. 50/s';
  try {
    const { perSecond } = Rate.parse(text as `${number}/s`);
    if (perSecond > 0) return perSecond;
  } catch (cause) {
    throw new CommandError('usage', `--rate: received "${text}", expected ${expected}`, { cause });
  }
  throw new CommandError('usage', `--rate: received "${text}", expected ${expected}`);
}

/** The arguments of the example that was asked for; undefined for the platform itself. */
function exampleOf(args: readonly string[]): readonly string[] | undefined {
  const at = args.indexOf('--example');
  if (at === -1) return undefined;
  if (args[at + 1] === 'orders') return args.toSpliced(at, 2);
  throw new CommandError('usage', `--example: received ${JSON.stringify(args[at + 1] ?? '')}, expected orders`);
}

async function openSource(input: string | undefined, limit: string | undefined, once: boolean): Promise<MailSource> {
  const most = limit === undefined ? (once ? ONCE_LIMIT : Number.MAX_SAFE_INTEGER) : countOption('limit', limit);
  return input === undefined ? corpusMails('test', most) : mailsOfFile(input, most);
}

/** The first signal ends the run in order, a second one ends it at once. Nothing is lost by either. */
function watchSignals(local: LocalRun): AbortSignal {
  const controller = new AbortController();
  const onSignal = () => {
    if (controller.signal.aborted) {
      local.kill();
      process.exit(EXIT.interrupted);
    }
    controller.abort();
    local.interrupt();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return controller.signal;
}

/** One line a mail, beside its true class: anyone can count and compare. */
async function writeVerdicts(run: RunFolder, verdicts: readonly Verdict[], truth: Truth): Promise<string> {
  const lines = verdicts.map(({ id, verdict, score, attempt }) =>
    JSON.stringify({ id, verdict, label: truth.get(id), score, attempt }),
  );
  const path = run.file('verdicts.jsonl');
  await writeFile(path, lines.map((line) => `${line}\n`).join(''));
  return relative(process.cwd(), path);
}
