import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

// There is no container engine in every place that tests: the steps of the Dockerfile are run in a folder instead. What
// that leaves out is the base image and the user.

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const dockerfile = readFileSync(join(ROOT, 'services', 'Dockerfile'), 'utf8');
const letThrough = readFileSync(join(ROOT, '.dockerignore'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('!'))
  .map((line) => line.slice(1));

describe.each(['mail-classifier', 'inference-engine', 'task-queue'])('the image of %s', (service) => {
  let app: string;

  beforeAll(() => {
    app = mkdtempSync(join(tmpdir(), 'penstock-image-'));
    for (const path of letThrough.filter((each) => existsSync(join(ROOT, each)))) {
      cpSync(join(ROOT, path), join(app, path), {
        recursive: true,
        filter: (source) => !source.includes('node_modules') && !source.endsWith('README.md'),
      });
    }
    const [, command] = /^RUN (npm ci .*)$/m.exec(dockerfile) as RegExpExecArray;
    const [program, ...args] = (command as string).replace(/\$\{SERVICE\}/, service).split(' ');
    execFileSync(program as string, [...args, '--prefer-offline'], { cwd: app, stdio: 'pipe' });
  }, 300_000);

  afterAll(() => rmSync(app, { recursive: true, force: true }));

  test('carries its own dependencies and none of the infrastructure', () => {
    const packages = Object.keys(
      (JSON.parse(readFileSync(join(app, 'node_modules', '.package-lock.json'), 'utf8')) as { packages: object })
        .packages,
    );
    expect(packages).toContain('node_modules/pino');
    expect(
      packages.filter((path) =>
        /aws-cdk|cdk8s|@pulumi|node_modules\/constructs$|\/(jest|typescript|esbuild)$/.test(path),
      ),
    ).toEqual([]);
    expect(packages.some((path) => path.endsWith('/onnxruntime-node'))).toBe(service === 'inference-engine');
  });

  test('starts, and says what it needs when it is given nothing', () => {
    const [, command] = /^CMD (\[.*\])$/m.exec(dockerfile) as RegExpExecArray;
    const [, ...args] = JSON.parse(command as string) as readonly string[];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, {
      cwd: join(app, 'services', service),
      env: { PATH: process.env['PATH'] ?? '' },
      encoding: 'utf8',
      timeout: 60_000,
    });
    expect(status).not.toBe(0);
    expect(`${stdout}${stderr}`).toContain('PENSTOCK_PROFILE');
    expect(`${stdout}${stderr}`).not.toContain('ERR_MODULE_NOT_FOUND');
  });
});

test('the image runs as a user that is not root and hands signals to the service itself', () => {
  expect(dockerfile).toMatch(/^USER 1000:1000$/m);
  expect(dockerfile).toMatch(/^CMD \["node", "src\/main\.ts"\]$/m);
});
