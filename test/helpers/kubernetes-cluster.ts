import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Manifest } from '../../constructs/policies/index.ts';
import type { Requirement } from './requirement.ts';

const SCRIPT = fileURLToPath(new URL('../../.ci/peers/kube/cluster.sh', import.meta.url));

const DIFF = fileURLToPath(new URL('diff-without-status.mjs', import.meta.url));

const buildFolder = (): string => process.env['PENSTOCK_KUBERNETES'] ?? '';

/** For `describeWith`: etcd, the API server and its controllers, KWOK and KEDA. */
export const kubernetesRequirement = (): Requirement => ({
  name: 'kubernetes',
  available: existsSync(join(buildFolder(), 'kubebox')) && existsSync(join(buildFolder(), 'keda-webhooks')),
  howToGet:
    'name a folder with a control plane in PENSTOCK_KUBERNETES; `.ci/peers/kube/build.sh <folder>` builds one from Go modules in about a quarter of an hour and prints it',
});

export interface Finished {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function finished(
  command: string,
  args: readonly string[],
  input = '',
  env: NodeJS.ProcessEnv = process.env,
): Promise<Finished> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], env });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin.end(input);
  return new Promise((resolve) => child.once('close', (status) => resolve({ status, stdout, stderr })));
}

const listOf = (items: readonly Manifest[]): string => JSON.stringify({ apiVersion: 'v1', kind: 'List', items });

/** A control plane of its own on the loopback. Its nodes are fake: pods get ready without running anything. */
export class KubernetesCluster {
  readonly #state: string;

  private constructor(state: string) {
    this.#state = state;
  }

  /** @param options as `cluster.sh start` takes them */
  static async start(...options: readonly string[]): Promise<KubernetesCluster> {
    const state = await mkdtemp(join(tmpdir(), 'penstock-kubernetes-'));
    const { status, stderr } = await finished('bash', [SCRIPT, 'start', buildFolder(), state, ...options]);
    if (status !== 0) throw new Error(`the control plane did not start:\n${stderr}`);
    return new KubernetesCluster(state);
  }

  kubectl(args: readonly string[], input = '', env: NodeJS.ProcessEnv = {}): Promise<Finished> {
    const config = ['kubectl', '--kubeconfig', join(this.#state, 'kubeconfig')];
    return finished(join(buildFolder(), 'kubebox'), [...config, ...args], input, { ...process.env, ...env });
  }

  /** What kubectl answers. @throws when it fails */
  async ask(...args: readonly string[]): Promise<string> {
    const { status, stdout, stderr } = await this.kubectl(args);
    if (status !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
    return stdout;
  }

  /** Makes the kinds of definition files known, and waits until objects of them can be applied. */
  async define(files: readonly string[]): Promise<void> {
    await this.ask('apply', '--server-side', ...files.flatMap((file) => ['-f', file]));
    const wait = ['wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s'];
    // kubectl gives up at once on a definition that is so new that nobody has looked at it.
    for (let attempt = 0; attempt < 20; attempt += 1) {
      if ((await this.kubectl(wait)).status === 0) return;
      await setTimeout(250);
    }
    await this.ask(...wait);
  }

  /** As a pipeline applies it: by the server, and a warning is a failure. */
  apply(manifests: readonly Manifest[], ...args: readonly string[]): Promise<Finished> {
    return this.kubectl(['apply', '--server-side', '--warnings-as-errors', ...args, '-f', '-'], listOf(manifests));
  }

  /** What applying would change, as a diff; empty when nothing. What controllers report meanwhile is no change. */
  async differences(manifests: readonly Manifest[]): Promise<string> {
    const env = { KUBECTL_EXTERNAL_DIFF: DIFF };
    const { stdout, stderr } = await this.kubectl(['diff', '--server-side', '-f', '-'], listOf(manifests), env);
    return `${stdout}${stderr}`;
  }

  async stop(): Promise<void> {
    await finished('bash', [SCRIPT, 'stop', this.#state]);
  }
}
