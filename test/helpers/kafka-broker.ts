import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endProcess } from './end-process.ts';
import { freePorts } from './free-ports.ts';
import type { Requirement } from './requirement.ts';

const HOW_TO_GET =
  'name a folder with the jars of a broker in PENSTOCK_KAFKA and put java 17 or newer on PATH; `.ci/peers/kafka.sh <folder>` installs them and prints the folder';

const CLUSTER = 'cGVuc3RvY2stdGVzdC0wMQ';
const HEAP = '-Xmx256m';
/** A machine that has much else to do takes a minute. */
const READY_WITHIN_MS = 180_000;
const READY = /Kafka Server started/;

/** The folder with a broker's jars; undefined when there is none, or no java. */
export function findKafka(): string | undefined {
  const folder = process.env['PENSTOCK_KAFKA'];
  if (folder === undefined || !existsSync(folder)) return undefined;
  return spawnSync('java', ['-version']).status === 0 ? folder : undefined;
}

/** For `describeWith`. */
export const kafkaRequirement = (): Requirement => ({
  name: 'kafka',
  available: findKafka() !== undefined,
  howToGet: HOW_TO_GET,
});

export interface KafkaBrokerOptions {
  /** Settings beyond those of every node. @default - none */
  readonly settings?: Readonly<Record<string, string>>;
  /** Beyond what every node is formatted with, e.g. a level of a feature. @default - none */
  readonly format?: readonly string[];
  /** Files of a key, its certificate and the authority whose clients are let in: connections are encrypted. @default - plain text */
  readonly tls?: { readonly key: string; readonly cert: string; readonly clientCa: string };
}

/** One node that is controller and broker, on free ports of the loopback, in a folder of its own. */
export class KafkaBroker implements AsyncDisposable {
  readonly address: string;
  readonly #jars: string;
  readonly #folder: string;
  readonly #options: readonly string[];
  #process: ChildProcess | undefined;

  private constructor(jars: string, folder: string, address: string, format: readonly string[]) {
    this.#options = format;
    this.#jars = jars;
    this.#folder = folder;
    this.address = address;
  }

  static async start({ settings: more, format = [], tls }: KafkaBrokerOptions = {}): Promise<KafkaBroker> {
    const jars = findKafka();
    if (jars === undefined) throw new Error(`no Kafka: ${HOW_TO_GET}`);
    const folder = await mkdtemp(join(tmpdir(), 'penstock-kafka-'));
    const [port = 0, controllerPort = 0] = await freePorts(2);
    // A certificate names a host.
    const [protocol, host] = tls === undefined ? ['PLAINTEXT', '127.0.0.1'] : ['SSL', 'localhost'];
    const settings = {
      'process.roles': 'broker,controller',
      'node.id': 1,
      'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
      listeners: `${protocol}://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
      'advertised.listeners': `${protocol}://${host}:${port}`,
      'controller.listener.names': 'CONTROLLER',
      'inter.broker.listener.name': protocol,
      'listener.security.protocol.map': `${protocol}:${protocol},CONTROLLER:PLAINTEXT`,
      'log.dirs': join(folder, 'data'),
      'offsets.topic.replication.factor': 1,
      'offsets.topic.num.partitions': 4,
      'transaction.state.log.replication.factor': 1,
      'transaction.state.log.min.isr': 1,
      'group.initial.rebalance.delay.ms': 0,
      // Tests wait for workers to be given up.
      'group.min.session.timeout.ms': 500,
      'auto.create.topics.enable': false,
      'num.network.threads': 2,
      'num.io.threads': 2,
      ...(tls === undefined ? {} : await encryptionBy(folder, tls)),
      ...more,
    };
    await writeFile(
      join(folder, 'server.properties'),
      Object.entries(settings)
        .map(([key, value]) => `${key}=${value}`)
        .join('\n'),
    );
    const broker = new KafkaBroker(jars, folder, `${host}:${port}`, format);
    broker.#format();
    await broker.restart();
    return broker;
  }

  /** Starts it again on the same ports with what is in its folder. */
  async restart(): Promise<void> {
    const child = spawn('java', this.#command('kafka.Kafka'), { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process = child;
    const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
    let log = '';
    const read = (text: string): void => {
      log = (log + text).slice(-20_000);
      if (READY.test(log)) resolve();
    };
    child.stdout.setEncoding('utf8').on('data', read);
    child.stderr.setEncoding('utf8').on('data', read);
    const fail = (): void => reject(new Error(`kafka is not ready:\n${log}`));
    child.once('exit', fail);
    const timer = setTimeout(fail, READY_WITHIN_MS);
    try {
      await ready;
    } catch (error) {
      await this.kill();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** As power loss of the process: nothing is flushed or said. */
  async kill(): Promise<void> {
    await endProcess(this.#process, 'SIGKILL');
  }

  /** What is on its disk is gone, as the disk itself; for a server that was killed. */
  async loseDisk(): Promise<void> {
    await rm(join(this.#folder, 'data'), { recursive: true, force: true });
    this.#format();
  }

  async stop(): Promise<void> {
    // An orderly stop waits for its own quorum; the folder is thrown away.
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #format(): void {
    const command = this.#command('kafka.tools.StorageTool', 'format', '-t', CLUSTER, ...this.#options, '-c');
    const { status, stdout, stderr } = spawnSync('java', command, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`kafka storage: ${stdout}${stderr}`);
  }

  #command(main: string, ...options: readonly string[]): string[] {
    const logging = ['-Dorg.slf4j.simpleLogger.defaultLogLevel=info', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
    return [HEAP, ...logging, '-cp', `${this.#jars}/*`, main, ...options, join(this.#folder, 'server.properties')];
  }
}

async function encryptionBy(folder: string, { key, cert, clientCa }: NonNullable<KafkaBrokerOptions['tls']>) {
  const store = join(folder, 'tls.pem');
  await writeFile(store, (await Promise.all([readFile(key, 'utf8'), readFile(cert, 'utf8')])).join(''));
  return {
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': store,
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': clientCa,
    'ssl.client.auth': 'required',
  };
}
