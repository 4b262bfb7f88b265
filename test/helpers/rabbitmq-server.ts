import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endProcess } from './end-process.ts';
import { freePorts } from './free-ports.ts';
import type { Requirement } from './requirement.ts';

/** Beside the script on the search path, which insists on a user of its own. */
const SERVER = '/usr/lib/rabbitmq/bin/rabbitmq-server';
const CONTROL = '/usr/lib/rabbitmq/bin/rabbitmqctl';
const EPMD = 'epmd';
const READY = 'Server startup complete';
/** A machine that has much else to do takes a minute. */
const READY_WITHIN_MS = 180_000;
const POLL_MS = 50;

/** For `describeWith`. */
export const rabbitmqRequirement = (): Requirement => ({
  name: 'rabbitmq',
  available: existsSync(SERVER),
  howToGet: '`.ci/peers/rabbitmq.sh` installs RabbitMQ 3.10 from the distribution',
});

/** One node with its own name service, all on free ports of the loopback, in a folder of its own. */
export class RabbitmqServer implements AsyncDisposable {
  readonly #folder: string;
  readonly #ports: readonly number[];
  #names: ChildProcess | undefined;
  #node: ChildProcess | undefined;

  private constructor(folder: string, ports: readonly number[]) {
    this.#folder = folder;
    this.#ports = ports;
  }

  /** @param more lines of configuration beyond those of every node */
  static async start(more: readonly string[] = []): Promise<RabbitmqServer> {
    const folder = await mkdtemp(join(tmpdir(), 'penstock-rabbitmq-'));
    const limits = ['vm_memory_high_watermark.absolute = 256MB', 'disk_free_limit.absolute = 50MB', ...more, ''];
    await writeFile(join(folder, 'rabbitmq.conf'), limits.join('\n'));
    await writeFile(join(folder, 'enabled_plugins'), '[].');
    const server = new RabbitmqServer(folder, await freePorts(3));
    try {
      await server.restart();
      return server;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  get url(): string {
    return `amqp://127.0.0.1:${this.#ports[0]}`;
  }

  /** Starts it again with what is in its folder. */
  async restart(): Promise<void> {
    const [port, distribution] = this.#ports.map(String);
    const environment = this.#environment();
    // Its own, not as a daemon: the node would start one that outlives it.
    if (this.#names === undefined || this.#names.exitCode !== null)
      this.#names = spawn(EPMD, [], { env: environment, stdio: 'ignore' });
    const node = spawn(SERVER, [], {
      env: {
        ...environment,
        RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
        RABBITMQ_NODE_PORT: port,
        RABBITMQ_DIST_PORT: distribution,
        RABBITMQ_MNESIA_BASE: join(this.#folder, 'data'),
        RABBITMQ_LOG_BASE: join(this.#folder, 'log'),
        RABBITMQ_LOGS: '-',
        RABBITMQ_CONFIG_FILE: join(this.#folder, 'rabbitmq.conf'),
        RABBITMQ_CONF_ENV_FILE: '/dev/null',
        RABBITMQ_ENABLED_PLUGINS_FILE: join(this.#folder, 'enabled_plugins'),
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '+S 1:1 +sbwt none -kernel inet_dist_use_interface {127,0,0,1}',
      },
      // The script starts the virtual machine as its child: a group of their own ends them together.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#node = node;
    let log = '';
    for (const stream of [node.stdout, node.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        log = (log + text).slice(-20_000);
      });
    }
    const deadline = performance.now() + READY_WITHIN_MS;
    while (node.exitCode === null && performance.now() < deadline) {
      if (log.includes(READY)) return;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    await this.kill();
    throw new Error(`rabbitmq-server is not ready:\n${log}`);
  }

  /** What a person does by `rabbitmqctl`. */
  async control(...command: readonly string[]): Promise<void> {
    const child = spawn(CONTROL, [...command], { env: this.#environment(), stdio: 'ignore' });
    const [code] = await once(child, 'exit');
    if (code !== 0) throw new Error(`rabbitmqctl ${command.join(' ')}: ended with ${code}`);
  }

  /** As power loss of the process: nothing is flushed or said. */
  async kill(): Promise<void> {
    const node = this.#node;
    this.#node = undefined;
    if (node?.pid === undefined || node.exitCode !== null || node.signalCode !== null) return;
    const exited = new Promise((resolve) => node.once('close', resolve));
    process.kill(-node.pid, 'SIGKILL');
    await exited;
  }

  /** What is on its disk is gone, as the disk itself; for a server that was killed. */
  async loseDisk(): Promise<void> {
    await rm(join(this.#folder, 'data'), { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await endProcess(this.#names, 'SIGKILL');
    await rm(this.#folder, { recursive: true, force: true });
  }

  #environment() {
    const [port, , names] = this.#ports.map(String);
    return {
      ...process.env,
      ERL_EPMD_PORT: names,
      ERL_EPMD_ADDRESS: '127.0.0.1',
      // It would be left where the tests were started.
      ERL_CRASH_DUMP_BYTES: '0',
      HOME: this.#folder,
      RABBITMQ_NODENAME: `penstock-${port}@localhost`,
    };
  }
}
