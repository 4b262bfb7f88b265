import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Requirement } from './requirement.ts';

/** PENSTOCK_PULUMI, else `pulumi` on PATH. */
function findPulumi(): string | undefined {
  const named = process.env['PENSTOCK_PULUMI'];
  const onPath = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'pulumi'));
  return (named === undefined ? onPath : [named]).find(existsSync);
}

/** For `describeWith`. */
export const pulumiRequirement = (): Requirement => ({
  name: 'pulumi',
  available: findPulumi() !== undefined,
  howToGet:
    'put pulumi on PATH, or name it in PENSTOCK_PULUMI; `.ci/peers/pulumi.sh <folder>` builds it and prints its path',
});

const PLUGINS = fileURLToPath(new URL('./pulumi/bin', import.meta.url));

/** What the stand-in provider was told to do. */
export interface Act {
  readonly act: 'create' | 'update' | 'delete';
  readonly type: string;
  readonly name: string;
  readonly failed: boolean;
}

interface KeptResource {
  readonly urn: string;
  readonly type: string;
  readonly parent?: string;
  readonly dependencies?: readonly string[];
  readonly inputs?: Readonly<Record<string, unknown>>;
}

/**
 * A stack of a program with the real engine of Pulumi, its state in a temporary folder. The language host and the providers
 * of Google Cloud and Kubernetes are stand-ins: no cloud is called.
 */
export class PulumiStack {
  readonly #project: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'penstock-pulumi-'));
  readonly #state: string;
  readonly #env: NodeJS.ProcessEnv;

  private constructor(project: string, beside?: PulumiStack) {
    this.#state = beside === undefined ? join(this.#folder, 'state') : beside.#state;
    mkdirSync(this.#state, { recursive: true });
    this.#project = project;
    this.#env = {
      ...process.env,
      NODE_OPTIONS: '',
      // Each command starts four processes of Node with the same SDK.
      NODE_COMPILE_CACHE: join(tmpdir(), 'penstock-compile-cache'),
      PATH: [PLUGINS, dirname(process.execPath), process.env['PATH']].join(delimiter),
      PULUMI_BACKEND_URL: `file://${this.#state}`,
      PULUMI_HOME: join(this.#folder, 'home'),
      PULUMI_CONFIG_PASSPHRASE: 'a test',
      PULUMI_SKIP_UPDATE_CHECK: 'true',
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: 'true',
      STAND_IN_LOG: this.#log,
    };
  }

  /** `project`: the folder of a Pulumi.yaml. `beside`: one that it can refer to. */
  static async init(
    project: string,
    config: Readonly<Record<string, string>> = {},
    beside?: PulumiStack,
  ): Promise<PulumiStack> {
    const stack = new PulumiStack(project, beside);
    await stack.#must(['stack', 'init', stack.#name]);
    // It writes the settings beside the program, and takes no other place.
    const settings = join(project, `Pulumi.${stack.#name}.yaml`);
    copyFileSync(settings, stack.#settings);
    rmSync(settings);
    await stack.configure(config);
    return stack;
  }

  async configure(config: Readonly<Record<string, string>>): Promise<void> {
    for (const [key, value] of Object.entries(config)) await this.#must(['config', 'set', key, value, ...this.#config]);
  }

  /** By which another stack refers to it. */
  get reference(): string {
    const [, project] = /^name: (.*)$/m.exec(readFileSync(join(this.#project, 'Pulumi.yaml'), 'utf8')) ?? [];
    return `organization/${project}/${this.#name}`;
  }

  /** Runs a command; `env` is what the program sees of the outside. */
  async run(
    command: 'up' | 'destroy' | 'refresh' | 'preview',
    env: Readonly<Record<string, string>> = {},
    ...more: readonly string[]
  ): Promise<{ readonly status: number | null; readonly stdout: string; readonly output: string }> {
    rmSync(this.#log, { force: true });
    const agreed = command === 'preview' ? [] : ['--yes', '--skip-preview'];
    return this.#pulumi([command, ...agreed, '--suppress-outputs', ...this.#config, ...more], env);
  }

  /** What the provider did in the last run. */
  get acts(): readonly Act[] {
    if (!existsSync(this.#log)) return [];
    return readFileSync(this.#log, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Act);
  }

  /** The state as it is written down, with its secrets encrypted. */
  async state(): Promise<{ readonly text: string; readonly resources: readonly KeptResource[] }> {
    const text = await this.#must(['stack', 'export']);
    const { deployment } = JSON.parse(text) as { deployment: { resources?: readonly KeptResource[] } };
    return { text, resources: deployment.resources ?? [] };
  }

  /** Takes the protection off all that is there, as somebody does who means it. */
  async unprotect(): Promise<void> {
    await this.#must(['state', 'unprotect', '--all', '--yes']);
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get #log(): string {
    return join(this.#folder, 'acts.jsonl');
  }

  get #settings(): string {
    return join(this.#folder, 'Pulumi.settings.yaml');
  }

  get #config(): readonly string[] {
    return ['--config-file', this.#settings];
  }

  /** Of no stack that somebody has beside the program. */
  get #name(): string {
    return basename(this.#folder);
  }

  async #must(args: readonly string[]): Promise<string> {
    const { status, stdout, output } = await this.#pulumi(args, {});
    if (status !== 0) throw new Error(`pulumi ${args.join(' ')} ended with ${status}: ${output}`);
    return stdout;
  }

  #pulumi(
    args: readonly string[],
    env: Readonly<Record<string, string>>,
  ): Promise<{ readonly status: number | null; readonly stdout: string; readonly output: string }> {
    const stack = args[1] === 'init' ? [] : ['--stack', this.#name];
    const child = spawn(findPulumi() as string, [...args, ...stack, '--non-interactive'], {
      cwd: this.#project,
      env: { ...this.#env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        if (stream === child.stdout) stdout += text;
      });
    return new Promise((done) => child.on('close', (status) => done({ status, stdout, output })));
  }
}
