import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { CommandError } from '../exit.ts';

export interface ServiceProcessOptions {
  readonly name: string;
  /** The service's `src/main.ts`. */
  readonly main: string;
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
  /** A service that was told to stop gets this long, then it is killed. */
  readonly terminationGraceMs: number;
  /** Called when the service died and will not be started again. */
  readonly onFailed: (error: CommandError) => void;
}

export interface Addresses {
  readonly http?: number;
  readonly ops: number;
}

/** Deaths within this span that are not answered by a restart any more. */
const RESTART_LIMIT = { deaths: 5, withinMs: 60_000 };
const RESTART_DELAY_MS = 200;

/** One service as a process of its own: started, watched, started again when it dies, stopped with grace. */
export class ServiceProcess {
  readonly name: string;
  readonly #options: ServiceProcessOptions;
  #child: ChildProcess | undefined;
  #addresses: Addresses | undefined;
  #stopping = false;
  #restarts = 0;
  #deaths: number[] = [];
  readonly #listening = Promise.withResolvers<Addresses>();

  constructor(options: ServiceProcessOptions) {
    this.name = options.name;
    this.#options = options;
    this.#listening.promise.catch(() => {});
  }

  get restarts(): number {
    return this.#restarts;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  start(): Promise<Addresses> {
    this.#spawn();
    return this.#listening.promise;
  }

  /** SIGTERM, then SIGKILL after the grace. Resolves when the process is gone. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), this.#options.terminationGraceMs);
    await gone;
    clearTimeout(timer);
  }

  kill(): void {
    this.#stopping = true;
    this.#child?.kill('SIGKILL');
  }

  #spawn(): void {
    const log = openSync(this.#options.logFile, 'a');
    // A restarted service keeps its ports: others have its address.
    const ports: Record<string, string> =
      this.#addresses === undefined ? {} : { PENSTOCK_OPS_PORT: String(this.#addresses.ops) };
    if (this.#addresses?.http !== undefined) ports['PENSTOCK_HTTP_PORT'] = String(this.#addresses.http);
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', this.#options.main], {
      env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', ...this.#options.env, ...ports },
      stdio: ['ignore', log, log, 'ipc'],
      // Of its own group, so that ctrl-C reaches only this command, which then stops the services in order.
      detached: true,
    });
    closeSync(log);
    this.#child = child;
    child.on('message', (message) => {
      const { type, http, ops } = message as { readonly type?: string; readonly http?: number; readonly ops?: number };
      if (type !== 'listening' || ops === undefined) return;
      this.#addresses = http === undefined ? { ops } : { http, ops };
      this.#listening.resolve(this.#addresses);
    });
    child.once('error', () => void this.#died());
    child.once('exit', () => void this.#died());
  }

  async #died(): Promise<void> {
    if (this.#stopping) return;
    const now = Date.now();
    this.#deaths = [...this.#deaths.filter((at) => now - at < RESTART_LIMIT.withinMs), now];
    const neverUp = this.#addresses === undefined;
    if (neverUp || this.#deaths.length >= RESTART_LIMIT.deaths) {
      const reason = await lastError(this.#options.logFile);
      const error = new CommandError(
        'service-failed',
        `${this.name} ${neverUp ? 'did not start' : `died ${this.#deaths.length} times within a minute`}: ${reason}; its log is ${this.#options.logFile}`,
      );
      this.#listening.reject(error);
      this.#options.onFailed(error);
      return;
    }
    this.#restarts++;
    setTimeout(() => {
      if (!this.#stopping) this.#spawn();
    }, RESTART_DELAY_MS);
  }
}

const LOG_TAIL_BYTES = 16_384;
const PINO_ERROR = 50;

/** What the service itself said last: the message of its last error line, else its last line. */
async function lastError(logFile: string): Promise<string> {
  const file = await open(logFile, 'r');
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read(
      Buffer.alloc(LOG_TAIL_BYTES),
      0,
      LOG_TAIL_BYTES,
      Math.max(0, size - LOG_TAIL_BYTES),
    );
    const lines = buffer.toString('utf8', 0, bytesRead).trim().split('\n').toReversed();
    for (const line of lines) {
      try {
        const { level, err, msg } = JSON.parse(line) as {
          readonly level?: number;
          readonly err?: { readonly message?: string };
          readonly msg?: string;
        };
        if (level !== undefined && level >= PINO_ERROR) return err?.message ?? msg ?? line;
      } catch {
        // Not a log line of ours, e.g. a stack trace.
      }
    }
    return lines[0] ?? 'it said nothing';
  } finally {
    await file.close();
  }
}
