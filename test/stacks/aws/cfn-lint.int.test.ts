import { expect, test } from '@jest/globals';
import { Template } from 'aws-cdk-lib/assertions';
import { awsEnvironments } from '../../../stacks/environments/aws.ts';
import { awsForeignApp } from '../../examples/aws-foreign-app.ts';
import { cfnLintRequirement, errorsOf } from '../../helpers/cfn-lint.ts';
import { describeWith } from '../../helpers/requirement.ts';
import { TEMPLATES } from './templates.ts';

const { region } = awsEnvironments.prod;

describeWith(cfnLintRequirement(), 'cfn-lint, which knows the schemas of Amazon', () => {
  test.each([...TEMPLATES, ['the app of a team', Template.fromStack(awsForeignApp()).toJSON()] as const])(
    'finds no error in %s',
    (_name, template) => {
      expect(errorsOf(template, region)).toEqual([]);
    },
    120_000,
  );

  test('finds one where there is one', () => {
    const wrong = { Resources: { Kafka: { Type: 'AWS::MSK::Cluster', Properties: { ClusterName: 'kafka' } } } };
    expect(errorsOf(wrong, region)).toContainEqual(expect.stringContaining('BrokerNodeGroupInfo'));
  });
});
