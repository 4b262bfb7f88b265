import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { stringify } from 'yaml';
import { endProcess } from './end-process.ts';
import type { Requirement } from './requirement.ts';

const HOW_TO_GET =
  'put otelcol on PATH, or name it in PENSTOCK_OTELCOL; `.ci/peers/otelcol.sh <folder>` builds it and prints its path';
const POLL_MS = 50;
const READY_WITHIN_MS = 60_000;

/** PENSTOCK_OTELCOL, else `otelcol` on PATH. */
function findCollector(): string | undefined {
  const named = process.env['PENSTOCK_OTELCOL'];
  const onPath = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'otelcol'));
  return (named === undefined ? onPath : [named]).find(existsSync);
}

/** For `describeWith`. */
export const otelcolRequirement = (): Requirement => ({
  name: 'otelcol',
  available: findCollector() !== undefined,
  howToGet: HOW_TO_GET,
});

function required(): string {
  const binary = findCollector();
  if (binary === undefined) throw new Error(`no otelcol: ${HOW_TO_GET}`);
  return binary;
}

/** What OpenTelemetry's collector itself says of a configuration; empty for one that it would start with. */
export async function faultsOfConfig(config: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'penstock-otelcol-'));
  try {
    const file = join(folder, 'config.yaml');
    await writeFile(file, config);
    const { status, stdout, stderr } = spawnSync(required(), ['validate', `--config=file:${file}`], {
      encoding: 'utf8',
      // Who signs wants to have something to sign by.
      env: { ...process.env, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
    });
    return status === 0 ? '' : `${stdout}${stderr}` || `ended with ${status}`;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** OpenTelemetry's collector on the loopback. Later configurations win over earlier ones, field by field. */
export class Otelcol implements AsyncDisposable {
  readonly #folder: string;
  readonly #process: ChildProcess;

  static async start(configs: readonly (string | object)[], health: string): Promise<Otelcol> {
    const folder = await mkdtemp(join(tmpdir(), 'penstock-otelcol-'));
    const files = await Promise.all(
      configs.map(async (config, n) => {
        const file = join(folder, `${n}.yaml`);
        await writeFile(file, typeof config === 'string' ? config : stringify(config));
        return `--config=file:${file}`;
      }),
    );
    const log = join(folder, 'log');
    const child = spawn('sh', ['-c', `exec "$0" "$@" 2>${log}`, required(), ...files], { stdio: 'ignore' });
    const collector = new Otelcol(folder, child);
    await collector.#untilReady(health, log);
    return collector;
  }

  private constructor(folder: string, child: ChildProcess) {
    this.#folder = folder;
    this.#process = child;
  }

  get pid(): number {
    return this.#process.pid as number;
  }

  async #untilReady(health: string, log: string): Promise<void> {
    const latest = Date.now() + READY_WITHIN_MS;
    while (
      !(await fetch(health).then(
        ({ ok }) => ok,
        () => false,
      ))
    ) {
      if (this.#process.exitCode !== null || Date.now() > latest)
        throw new Error(`the collector does not start: ${await readFile(log, 'utf8').catch(() => 'no log')}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await endProcess(this.#process, 'SIGTERM');
    await rm(this.#folder, { recursive: true });
  }
}
