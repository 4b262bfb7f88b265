import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { checkManifests } from '../../constructs/policies/index.ts';
import { ApiSchemas, realData } from '../helpers/manifests.ts';
import { describeWith } from '../helpers/requirement.ts';
import { golden, normalisedYaml } from '../helpers/snapshot.ts';
import { EXAMPLES, manifestsOf } from './index.ts';

const FIRST: readonly string[] = ['mail-pipeline', 'two-engines', 'queue-in-a-namespace'];

/** Fingerprints change with every number of the model; what is reviewed here is the shape. */
const withoutFingerprints = (text: string): string => text.replaceAll(/\b[0-9a-f]{16}\b/g, '(fingerprint)');

describe.each(EXAMPLES)('the stack %s', (name, example) => {
  const manifests = manifestsOf(example());

  test('breaks no policy', () => {
    expect(checkManifests(manifests)).toEqual([]);
  });

  test('is what was reviewed last', () => {
    const text = withoutFingerprints(normalisedYaml(manifests));
    expect(text).toBe(golden(`${name}.yaml`, text, join(import.meta.dirname, 'golden')));
  });

  test('is a page of code, by what everyone may import', () => {
    const source = readFileSync(join(import.meta.dirname, `${name}.ts`), 'utf8');
    const body = source
      .slice(source.indexOf('\n/**'))
      .split('\n')
      .filter((line) => line.trim() !== '');
    // The three that a team begins with; brokers, devices and jobs of its own take a few facts more.
    expect(body.length).toBeLessThanOrEqual(FIRST.includes(name) ? 30 : 45);
    const imports = [...source.matchAll(/from '([^']+)'/g)].map(([, path]) => path);
    expect(
      imports.filter(
        (path) =>
          !/^(@penstock\/(model|[\w-]+\/service)|cdk8s|\.\.\/\.\.\/(charts\/[\w-]+|constructs\/(binding|kubernetes\/index))\.ts)$/.test(
            path ?? '',
          ),
      ),
    ).toEqual([]);
  });
});

describeWith(realData, 'the schemas of the API server', () => {
  let schemas: ApiSchemas;
  beforeAll(() => {
    schemas = new ApiSchemas();
  });

  test.each(EXAMPLES)('take every object of %s', (_name, example) => {
    expect(manifestsOf(example()).flatMap((manifest) => schemas.faultsOf(manifest))).toEqual([]);
  });
});
