import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { build } from 'esbuild';
import { trackedFiles } from '../helpers/tracked-files.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const files = trackedFiles(ROOT);
const sources = files.filter((file) => file.endsWith('.ts') && !file.startsWith('test/'));
const textOf = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

/** Local files and packages that a file really imports, types included, as the compiler's own parser sees them. */
async function importsOf(file: string): Promise<readonly string[]> {
  const found: string[] = [];
  await build({
    entryPoints: [join(ROOT, file)],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    logLevel: 'silent',
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
    plugins: [
      {
        name: 'record',
        setup({ onResolve }) {
          onResolve({ filter: /.*/ }, ({ path, kind }) => {
            if (kind === 'entry-point') return null;
            found.push(path.startsWith('.') ? join(dirname(file), path) : path);
            return { path, external: true };
          });
        },
      },
    ],
  });
  return found;
}

/** Who may import whom. A prefix of the file; what its imports may begin with. */
const RULES: readonly (readonly [room: RegExp, allowed: RegExp])[] = [
  [/^model\//, /^(model\/|node:crypto$)/],
  [/^services\/[^/]+\/service\.ts$/, /^@penstock\/model$/],
  [
    /^services\/kit\//,
    /^(services\/kit\/|@penstock\/model$|node:|@nats-io\/|@platformatic\/kafka$|@redis\/client$|rabbitmq-client$|@opentelemetry\/|croner$|pg$|pino$|zod$|ajv(?:$|\/)|ajv-formats$|avsc$|protobufjs$|@bufbuild\/protobuf)/,
  ],
  [
    /^services\/mail-classifier\//,
    /^(services\/mail-classifier\/|@penstock\/(model|kit|kit\/jobs)$|node:|fastify$|zod$|@opentelemetry\/api$)/,
  ],
  [/^services\/order-fulfilment\//, /^(services\/order-fulfilment\/|@penstock\/(model|kit|kit\/jobs)$|node:|zod$)/],
  [
    /^services\/inference-engine\//,
    /^(services\/inference-engine\/|@penstock\/(model|kit)$|node:|fastify$|onnxruntime-node$|@huggingface\/tokenizers$|@opentelemetry\/api$)/,
  ],
  [
    /^services\/task-queue\//,
    /^(services\/task-queue\/|@penstock\/(model|kit|kit\/jobs)$|node:|fastify$|zod$|@opentelemetry\/api$)/,
  ],
  [
    /^services\/event-backbone\//,
    /^(services\/event-backbone\/|@penstock\/(model|kit|kit\/events|kit\/schemas)$|node:|fastify$|zod$|@opentelemetry\/api$)/,
  ],
  [/^constructs\/monitoring\//, /^(constructs\/monitoring\/|@penstock\/model$)/],
  [
    /^constructs\/kubernetes\//,
    /^(constructs\/(kubernetes\/|monitoring\/|[^/]+\.ts)|@penstock\/model$|cdk8s$|cdk8s-plus-28$|constructs$)/,
  ],
  [
    /^constructs\/aws\//,
    /^(constructs\/(aws\/|monitoring\/|[^/]+\.ts)|@penstock\/model$|aws-cdk-lib|@aws-cdk\/|constructs$)/,
  ],
  [/^constructs\/gcp\//, /^(constructs\/(gcp\/|monitoring\/|[^/]+\.ts)|@penstock\/model$|@pulumi\/)/],
  [/^charts\//, /^(charts\/|constructs\/|@penstock\/model$|cdk8s$|cdk8s-plus-28$|constructs$)/],
  [/^stacks\//, /^(?!services\/)/],
];

test.each(sources.filter((file) => RULES.some(([room]) => room.test(file))))(
  '%s imports only what its room may',
  async (file) => {
    const allowed = RULES.find(([room]) => room.test(file))?.[1] as RegExp;
    expect((await importsOf(file)).filter((path) => !allowed.test(path))).toEqual([]);
  },
);

test.each(files.filter((file) => /^services\/[^/]+\/src\/main\.ts$/.test(file)))(
  'the bundle of %s carries no infrastructure',
  async (file) => {
    const { metafile } = await build({
      entryPoints: [join(ROOT, file)],
      bundle: true,
      write: false,
      metafile: true,
      platform: 'node',
      format: 'esm',
      target: 'node24',
      logLevel: 'silent',
      external: ['*.node'],
    });
    const inputs = Object.keys(metafile.inputs);
    expect(inputs.length).toBeGreaterThan(20);
    expect(inputs.filter((input) => /aws-cdk|cdk8s|@pulumi|node_modules\/constructs|\bjest/.test(input))).toEqual([]);
  },
);

describe('every export of every package', () => {
  const packages = files.filter((file) => /^(model|services\/[^/]+)\/package\.json$/.test(file));
  const entries = packages.flatMap((file) => {
    const { name, exports } = JSON.parse(textOf(file)) as {
      readonly name: string;
      readonly exports: Readonly<Record<string, string>>;
    };
    return Object.keys(exports).map((subpath) => `${name}${subpath.slice(1)}`);
  });

  test.each(entries)(
    '%s can be imported',
    async (entry) => {
      expect(Object.keys((await import(entry)) as object)).not.toEqual([]);
    },
    30_000,
  );
});

test.each(sources)('%s keeps the rules of the house', (file) => {
  const text = textOf(file);
  const name = file.split('/').at(-1) as string;
  expect(name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*\.ts$/);
  expect(text.split('\n').length).toBeLessThanOrEqual(500);
  expect(text).not.toMatch(/throw new Error\(/);
  expect(text).not.toMatch(/\b(class|interface|type) \w*(Manager|Helper|Util|Base)\b/);
  if (!/^(cli|stacks)\/|\/src\/main\.ts$|^chaos\/main\.ts$/.test(file)) expect(text).not.toMatch(/\bprocess\.env\b/);
});

test.each([
  'model',
  'services',
  'services/kit',
  'services/mail-classifier',
  'services/inference-engine',
  'services/task-queue',
  'services/event-backbone',
  'constructs',
  'charts',
  'stacks',
  'cli',
  'test',
  'bench',
  'chaos',
  'docs',
])('the room %s says what may enter it', (room) => {
  expect(textOf(`${room}/README.md`).trim().length).toBeGreaterThan(100);
});
