import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect, test } from '@jest/globals';

type Flags = Readonly<Record<string, unknown>>;
const read = (file: string | URL): unknown => JSON.parse(readFileSync(file, 'utf8'));
const { context: flags } = read(new URL('../../../cdk.json', import.meta.url)) as { readonly context: Flags };
const recommended = read(createRequire(import.meta.url).resolve('aws-cdk-lib/recommended-feature-flags.json')) as Flags;

test('every flag of the installed CDK is set: a new one is a decision, and no synthesis asks for it', () => {
  expect(Object.keys(flags)).toEqual(Object.keys(recommended).toSorted());
});

test('flags are what CDK recommends, but those that the README of the stacks gives a reason for', () => {
  const own = Object.entries(flags).filter(
    ([flag, value]) => JSON.stringify(value) !== JSON.stringify(recommended[flag]),
  );
  expect(Object.fromEntries(own)).toEqual({
    '@aws-cdk/aws-iam:minimizePolicies': false,
    '@aws-cdk/aws-lambda:useCdkManagedLogGroup': false,
    '@aws-cdk/core:defaultCrossStackReferences': 'strong',
    '@aws-cdk/core:enablePartitionLiterals': false,
  });
  const readme = readFileSync(new URL('../../../stacks/aws/README.md', import.meta.url), 'utf8');
  for (const [flag] of own) expect(readme).toContain(`\`${flag.split(':')[1]}\``);
});
