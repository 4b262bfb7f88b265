import { expect, test } from '@jest/globals';
import { fingerprintOf } from '@penstock/model';
import { Aws, Fn, Token } from 'aws-cdk-lib';
import { configFingerprint } from '../../../constructs/kubernetes/config-fingerprint.ts';

/** Another text for the same each time, as in the next run. */
const registry = (): string => `${Token.asString(Fn.ref('AWS::AccountId'))}.dkr.ecr.${Aws.REGION}`;

test('a fingerprint is the same however CDK numbers what is known later', () => {
  const [one, other] = [registry(), registry()];
  expect(one).not.toBe(other);
  expect(configFingerprint({ image: one })).toBe(configFingerprint({ image: other }));
});

test('a fingerprint tells apart what is known later by what it stands for, and all else by what it is', () => {
  const of = (region: string, tag: string) => configFingerprint({ image: `${region}/a:${tag}` });
  expect(new Set([of(Aws.REGION, '1'), of(Aws.URL_SUFFIX, '1'), of(Aws.REGION, '2')]).size).toBe(3);
});

test('a fingerprint of what is known now is that of the model', () => {
  const config = { b: ['$', '{a}'], a: 'text "with" signs' };
  expect(configFingerprint(config)).toBe(fingerprintOf(config));
});
