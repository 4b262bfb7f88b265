import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { describeFailure, simulate } from './shrink.ts';

// npm run simulate -- [--seeds 1000] [--from 1] [--threads 2]

const MISUSED = 2;
const PROGRESS_EVERY = 500;

interface Share {
  /** The next seed that nobody has taken, for all threads. */
  readonly next: Int32Array;
  readonly end: number;
}

/** Takes one seed after the other until they are used up, or one fails. */
async function take({ next, end }: Share, post: (failure: string | undefined) => void): Promise<void> {
  for (let seed = Atomics.add(next, 0, 1); seed < end; seed = Atomics.add(next, 0, 1)) {
    const failing = await simulate(seed);
    post(failing === undefined ? undefined : describeFailure(failing));
    if (failing !== undefined) return;
  }
}

function numberOf(option: string, text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  console.error(`--${option}: received ${JSON.stringify(text)}, expected a positive number`);
  return process.exit(MISUSED);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '1000' },
      from: { type: 'string', default: '1' },
      threads: { type: 'string', default: String(availableParallelism()) },
    },
  });
  const [seeds, from, threads] = [
    numberOf('seeds', values.seeds),
    numberOf('from', values.from),
    numberOf('threads', values.threads),
  ];
  const next = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  next[0] = from;
  const startedAt = performance.now();
  const secondsSince = (): string => ((performance.now() - startedAt) / 1_000).toFixed(1);
  let held = 0;
  const ended = Array.from({ length: Math.min(threads, seeds) }, () => {
    const worker = new Worker(new URL(import.meta.url), { workerData: { next, end: from + seeds } satisfies Share });
    worker.on('message', (failure: string | undefined) => {
      if (failure !== undefined) {
        console.error(failure);
        process.exit(1);
      }
      held += 1;
      if (held % PROGRESS_EVERY === 0) console.error(`${held}/${seeds} seeds hold, ${secondsSince()} s`);
    });
    return new Promise<void>((resolve, reject) => worker.once('exit', () => resolve()).once('error', reject));
  });
  await Promise.all(ended);
  console.log(`${seeds} seeds from ${from} hold, ${secondsSince()} s on ${threads} threads`);
}

if (isMainThread) await main();
else await take(workerData as Share, (failure) => parentPort?.postMessage(failure));
