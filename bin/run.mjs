// Runs a script of this project under a Node that can (24 or newer), after installing what is missing.
// Plain JavaScript without dependencies: it must start on the Node that the machine happens to have.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const MINIMUM_NODE = [24, 12];

const env = {
  ...process.env,
  // onnxruntime-node carries its CPU library; its install script would look for CUDA downloads.
  ONNXRUNTIME_NODE_INSTALL: 'skip',
  // Reading the same sources again is most of what the start of a process costs.
  NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(root, 'node_modules', '.cache', 'node'),
};

const lockfile = join(root, 'package-lock.json');
/** Says which lockfile the last installation was made from. */
const installedFrom = join(root, 'node_modules', '.installed-from');

const hashOf = (file) => createHash('sha256').update(readFileSync(file)).digest('hex');

/**
 * True when node_modules was made from the present lockfile: npm rewrites its hidden copy at every install, and a
 * checkout that only touched the lockfile's time changed nothing.
 */
function isInstalled() {
  const installed = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installed)) return false;
  if (statSync(installed).mtimeMs >= statSync(lockfile).mtimeMs) return true;
  return existsSync(installedFrom) && readFileSync(installedFrom, 'utf8') === hashOf(lockfile);
}

function install() {
  console.error('penstock: installing dependencies (once, npm ci)');
  const npm = process.env.npm_execpath;
  const [command, args] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []];
  const result = spawnSync(command, [...args, 'ci', '--no-fund', '--no-audit'], {
    cwd: root,
    env,
    stdio: ['ignore', 2, 2],
  });
  if (result.status !== 0) {
    console.error('penstock: npm ci failed; its own message is above. Mend that and run the same command again.');
    process.exit(1);
  }
  writeFileSync(installedFrom, hashOf(lockfile));
}

function isNewEnough(version) {
  const [major, minor] = version.replace(/^v/, '').split('.').map(Number);
  return major > MINIMUM_NODE[0] || (major === MINIMUM_NODE[0] && minor >= MINIMUM_NODE[1]);
}

function findNode() {
  if (isNewEnough(process.version)) return process.execPath;
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const binary = process.platform === 'win32' ? 'node.exe' : 'node';
  const carried = join(root, 'node_modules', `node-${platform}-${process.arch}`, 'bin', binary);
  if (existsSync(carried)) return carried;
  console.error(
    `penstock: Node ${MINIMUM_NODE.join('.')} or newer is needed; this is ${process.version} and no packaged Node fits ` +
      `${process.platform}-${process.arch}. Install Node 24 and run the same command again.`,
  );
  return process.exit(1);
}

/** Runs `args` (Node options, a script, its arguments) and exits as it exits. */
export function run(args) {
  if (!isInstalled()) install();
  const node = findNode();
  // npm scripts and child processes that say "node" get the same one.
  const path = `${dirname(node)}${process.platform === 'win32' ? ';' : ':'}${process.env.PATH ?? ''}`;
  const child = spawn(node, args, { cwd: root, env: { ...env, PATH: path }, stdio: 'inherit' });
  // A terminal sends ctrl-C to the whole group: the child drains, this process only waits for it.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) run(process.argv.slice(2));
