import { defineTopology } from '@penstock/model';
import { awsEnvironments } from '../../../stacks/environments/aws.ts';
import type { AwsEnvironment } from '../../../stacks/environments/aws-environment.ts';

export const topology = defineTopology({
  name: 'shop',
  queues: {},
  workers: {},
  topics: {
    orders: { arrivalRate: '1/s', consumers: { billing: { workTime: { mean: '20 milliseconds', p99: '1 second' } } } },
  },
});

/** One that has everything Amazon runs for a platform. */
export const full: AwsEnvironment = {
  ...awsEnvironments.prod,
  workloads: {
    ...awsEnvironments.prod.workloads,
    // It has no queue, and so no servers of its own for them.
    nats: { existing: { namespace: 'nats', replicas: 3, syncInterval: 'periodic' } },
  },
  data: {
    kafka: { kind: 'express', version: '4.2.x.kraft', instance: 'express.m7g.large' },
    database: {
      database: 'shop',
      capacity: { kind: 'serverless', minimumUnits: 0.5, maximumUnits: 8 },
      logicalReplication: true,
    },
    cache: { kind: { kind: 'nodes', node: 'cache.r7g.large' }, users: { web: { keys: 'web:', access: 'write' } } },
    rabbitMq: { version: '4.3', instance: 'mq.m7g.large' },
  },
};
