import { beforeAll, expect, test } from '@jest/globals';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { exempt } from '../../../constructs/aws/exemption.ts';
import { STACKS } from '../../constructs/aws/every-construct.ts';
import { type CheckovReport, checkovReports, checkovRequirement } from '../../helpers/checkov.ts';
import { describeWith } from '../../helpers/requirement.ts';
import { TEMPLATES } from './templates.ts';

const ALL: readonly (readonly [name: string, template: unknown])[] = [
  ...TEMPLATES,
  ...STACKS.map(([name, make]) => [name, Template.fromStack(make()).toJSON()] as const),
];

/** A bucket as CDK makes one, with something said of it. */
function bucket(say: (made: Bucket) => void): unknown {
  const stack = new Stack(new App(), 'test');
  say(new Bucket(stack, 'Bucket'));
  return Template.fromStack(stack).toJSON();
}

describeWith(checkovRequirement(), 'checkov', () => {
  let reports: ReadonlyMap<string, CheckovReport>;
  beforeAll(() => {
    const found = checkovReports(ALL.map(([, template]) => template));
    reports = new Map(ALL.map(([name], index) => [name, found[index] as CheckovReport]));
  }, 120_000);

  test.each(ALL.map(([name]) => name))('finds nothing in %s that was not said to be so', (name) => {
    expect(reports.get(name)?.failed).toEqual([]);
  });

  test('finds what is wrong, and leaves out what a resource says with a reason', () => {
    const [bare, said] = checkovReports([
      bucket(() => {}),
      bucket((made) => exempt(made, { because: 'nobody reads it', checkov: ['CKV_AWS_18', 'CKV_AWS_21'] })),
    ]);
    expect(bare?.failed).toContainEqual(expect.stringMatching(/^CKV_AWS_18 AWS::S3::Bucket/));
    expect(said?.failed.filter((each) => /CKV_AWS_(18|21) /.test(each))).toEqual([]);
    expect(said?.skipped).toEqual(
      expect.arrayContaining(['CKV_AWS_18: nobody reads it', 'CKV_AWS_21: nobody reads it']),
    );
  }, 60_000);
});
