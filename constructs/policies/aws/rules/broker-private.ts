import type { TemplatePolicy } from '../policy.ts';
import { at } from '../template.ts';

export const brokerPrivate: TemplatePolicy = {
  id: 'broker-private',
  rules: [17],
  source: 'AWS Security Hub (MQ.5, MQ.6), Amazon MQ best practices',
  reason: 'a broker on one node stops with it, and one with a public address is tried by everybody',
  types: ['AWS::AmazonMQ::Broker'],
  check: (broker) => [
    at(broker, 'PubliclyAccessible') !== false && 'has a public address',
    at(broker, 'DeploymentMode') !== 'CLUSTER_MULTI_AZ' && 'runs on one node, expected CLUSTER_MULTI_AZ',
    at(broker, 'Logs.General') !== true && 'keeps no logs',
  ],
};
