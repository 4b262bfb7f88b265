import { expect, test } from '@jest/globals';
import { Template } from 'aws-cdk-lib/assertions';
import { type CloudFormationTemplate, checkTemplates } from '../../../../constructs/policies/aws/index.ts';
import { STACKS } from '../../aws/every-construct.ts';
import { changed, type Json, type Path, pathsOf } from '../mutant.ts';
import { JUDGED, NOT_SAFETY } from './not-safety.ts';

// The policies are judged here: whatever is taken out of, or turned round in, what the constructs for AWS make, one of
// them has to miss it, or a reason stands why not.

const at = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>((inner, step) => (inner as Record<string | number, unknown> | undefined)?.[step], value);

/** `Type path`, positions in lists written as `*`. */
const fieldOf = (type: string, path: Path): string =>
  `${type} ${path.map((step) => (typeof step === 'number' ? '*' : step)).join('/')}`;

/** A function of CloudFormation is a value, however it is put together. */
const isWithin = (path: Path): boolean => path.slice(0, -1).some((step) => /^(Ref|Fn::)/.test(String(step)));

/** Fields whose change no policy notices, in one place at least. */
function missedIn(template: CloudFormationTemplate): readonly string[] {
  return Object.entries(template.Resources ?? {}).flatMap(([id, resource]) => {
    if (!JUDGED.includes(resource.Type)) return [];
    return pathsOf(resource as unknown as Json).flatMap((path) => {
      const value = at(resource, path);
      const isLeaf = value === null || typeof value !== 'object' || /^(Ref|Fn::)/.test(Object.keys(value)[0] ?? '');
      if (!isLeaf || path[0] === 'Type' || path[0] === 'Metadata' || path[0] === 'DependsOn') return [];
      if (isWithin(path) || /^(Ref|Fn::)/.test(String(path.at(-1)))) return [];
      const to = typeof value === 'boolean' ? !value : undefined;
      const mutant = changed(template as unknown as Json, ['Resources', id, ...path], to);
      const found = checkTemplates({ stack: mutant as unknown as CloudFormationTemplate });
      return found.length > 0 ? [] : [fieldOf(resource.Type, path)];
    });
  });
}

const missed = [
  ...new Set(STACKS.flatMap(([, make]) => missedIn(Template.fromStack(make()).toJSON() as CloudFormationTemplate))),
].toSorted();

test('what can be changed unnoticed is no matter of safety, for a stated reason', () => {
  const reasons = NOT_SAFETY.flatMap(({ fields }) => fields);
  expect(missed.filter((field) => !reasons.some((pattern) => pattern.test(field)))).toEqual([]);
});

test('no reason stands for what is noticed', () => {
  const unused = NOT_SAFETY.flatMap(({ fields }) => fields).filter(
    (pattern) => !missed.some((field) => pattern.test(field)),
  );
  expect(unused).toEqual([]);
});
