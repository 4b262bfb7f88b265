import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { endProcess } from './end-process.ts';
import { freePorts } from './free-ports.ts';
import type { Requirement } from './requirement.ts';

const READY_WITHIN_MS = 60_000;
const POLL_MS = 100;

const moto = (): string => process.env['PENSTOCK_MOTO'] ?? '';

/** For `describeWith`. */
export const motoRequirement = (): Requirement => ({
  name: 'moto',
  available: existsSync(moto()),
  howToGet: 'name moto_server in PENSTOCK_MOTO; `.ci/peers/moto.sh <folder>` installs it and prints its path',
});

export type Answer = Readonly<Record<string, unknown>>;

interface Reply {
  readonly answer?: Answer;
  /** Properties that the operation has no name for. */
  readonly left?: readonly string[];
  readonly error?: string;
}

/** Services of AWS as moto answers for them, on a free port of the loopback, and Amazon's own client to ask them. */
export class MotoServer implements AsyncDisposable {
  readonly #server: ChildProcess;
  readonly #client: ChildProcess;
  readonly #replies: AsyncIterator<string>;
  #log = '';

  private constructor(server: ChildProcess, address: string, region: string) {
    this.#server = server;
    for (const stream of [server.stdout, server.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#log = (this.#log + text).slice(-10_000);
      });
    const script = join(import.meta.dirname, 'aws-client.py');
    this.#client = spawn(join(dirname(moto()), 'python'), [script, address, region], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    if (this.#client.stdout === null) throw new Error('the client of AWS has no output');
    this.#replies = createInterface({ input: this.#client.stdout })[Symbol.asyncIterator]();
  }

  static async start(region: string): Promise<MotoServer> {
    const [port = 0] = await freePorts(1);
    const address = `http://127.0.0.1:${port}`;
    const server = spawn(moto(), ['--host', '127.0.0.1', '--port', String(port)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const started = new MotoServer(server, address, region);
    const deadline = performance.now() + READY_WITHIN_MS;
    while (server.exitCode === null && performance.now() < deadline) {
      const ready = await fetch(`${address}/moto-api/`).catch(() => undefined);
      await ready?.arrayBuffer();
      if (ready?.ok === true) return started;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    await started[Symbol.asyncDispose]();
    throw new Error(`moto is not ready:\n${started.#log}`);
  }

  /** One call, as an application makes it. */
  async ask(service: string, operation: string, parameters: Answer = {}): Promise<Answer> {
    return (await this.#call({ service, operation, parameters })).answer ?? {};
  }

  /** One call with the properties of a template, as far as the operation has names for them. */
  async create(service: string, operation: string, properties: Answer): Promise<Required<Omit<Reply, 'error'>>> {
    const { answer = {}, left = [] } = await this.#call({ service, operation, parameters: properties, fit: true });
    return { answer, left };
  }

  async #call(call: Answer): Promise<Reply> {
    this.#client.stdin?.write(`${JSON.stringify(call)}\n`);
    const { value, done } = await this.#replies.next();
    const reply: Reply = done === true ? { error: 'the client ended' } : (JSON.parse(value) as Reply);
    if (reply.error === undefined) return reply;
    // What went wrong inside is written a moment after the answer.
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    throw new Error(`${call['service']}.${call['operation']}: ${reply.error}\n${this.#log.slice(-2_000)}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await endProcess(this.#client, 'SIGKILL');
    await endProcess(this.#server, 'SIGKILL');
  }
}
