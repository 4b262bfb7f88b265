import { expect, test } from '@jest/globals';
import { synthesizeAws } from '../../../stacks/aws/synthesize.ts';
import { awsEnvironments } from '../../../stacks/environments/aws.ts';
import { platform } from '../../../stacks/platform.ts';
import { cfnLintRequirement, errorsOf } from '../../helpers/cfn-lint.ts';
import { describeWith } from '../../helpers/requirement.ts';
import { full, topology } from './shop.ts';

const { region } = awsEnvironments.prod;
const provisioned = {
  ...full,
  data: {
    ...full.data,
    kafka: {
      kind: 'provisioned',
      version: '4.1.x.kraft',
      instance: 'kafka.m7g.large',
      storage: { initial: '100 GiB', maximum: '200 GiB' },
    },
  },
} as const;
const serverless = {
  ...full,
  data: {
    kafka: { kind: 'serverless', topics: 'made-in-cluster' },
    cache: {
      kind: { kind: 'serverless', maximumGigabytes: 10, maximumUnits: 5000 },
      users: { web: { keys: 'web:', access: 'write' } },
    },
  },
} as const;

const TEMPLATES = [
  ...Object.entries(synthesizeAws(platform)),
  ...Object.entries(synthesizeAws(topology, [full])),
  ...[provisioned, serverless].map((environment) => {
    const { kind } = environment.data.kafka;
    return [`${kind} data`, synthesizeAws(topology, [environment])['shop-prod-data']] as const;
  }),
];

describeWith(cfnLintRequirement(), 'cfn-lint, which knows the schemas of Amazon', () => {
  test.each(TEMPLATES)(
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
