import { describe, expect, test } from '@jest/globals';
import { EnvironmentError } from '../../../stacks/aws/environment-error.ts';
import { checkEnvironments, environmentFaults } from '../../../stacks/aws/environment-faults.ts';
import { awsApp } from '../../../stacks/aws/synthesize.ts';
import { awsEnvironments } from '../../../stacks/environments/aws.ts';
import type { AwsEnvironment } from '../../../stacks/environments/aws-environment.ts';
import { platform } from '../../../stacks/platform.ts';
import { type FaultCase, testFaults } from './fault-cases.ts';
import { gpuEnvironment, gpuTopology, sharedTopology } from './gpu-shop.ts';
import { BEDROCK, called, digests, SAGEMAKER, SERVINGS, servingEnvironment } from './serving.ts';
import { full } from './shop.ts';

const ZONES = full.network.zones;
const known: AwsEnvironment = {
  ...full,
  workloads: { ...full.workloads, versions: awsEnvironments.prod.workloads.versions },
};
// @ts-expect-error Two do not typecheck; who reads an environment from a file gets the report.
const TWO: AwsEnvironment['network']['zones'] = ['eu-central-1a', 'eu-central-1b'];
type Machines = NonNullable<AwsEnvironment['workloads']['machines']>;
const gpus = (form: Parameters<typeof gpuEnvironment>[0], machines: Machines, cluster = {}): AwsEnvironment => {
  const environment = gpuEnvironment(form, cluster);
  return { ...environment, workloads: { ...environment.workloads, machines } };
};
const { observability: _nobody, ...unwatched } = awsEnvironments.dev;
const given = (workloads: Partial<AwsEnvironment['workloads']>, data = full.data): AwsEnvironment => ({
  ...known,
  ...(data === undefined ? {} : { data }),
  workloads: { ...known.workloads, ...workloads },
});
const network = (facts: object): AwsEnvironment => ({ ...known, network: { ...known.network, ...facts } });
const cache = (users: object): AwsEnvironment => ({
  ...known,
  data: { cache: { kind: { kind: 'nodes', node: 'cache.r7g.large' }, users: users as Record<string, never> } },
});

/** One fault each, in what an environment says. */
const CASES: readonly FaultCase[] = [
  [
    'a name that is too long for the broker',
    platform,
    { ...known, name: 'p'.repeat(45), data: { rabbitMq: { version: '4.3', instance: 'mq.m7g.large' } } },
    'name-too-long',
    'name',
    `mailroom-${'p'.repeat(45)}`,
  ],
  [
    'a user of the cache whose name is too long',
    platform,
    cache({ ['u'.repeat(30)]: { keys: 'u:', access: 'read' } }),
    'name-too-long',
    `data.cache.users.${'u'.repeat(30)}`,
    `mailroom-prod-${'u'.repeat(30)}`,
  ],
  ['a name with capitals', platform, { ...unwatched, name: 'Dev' }, 'name-malformed', 'name', 'mailroom-Dev'],
  [
    'subnets too few for Express',
    platform,
    network({ zones: TWO }),
    'durability-unavailable',
    'network.zones',
    'eu-central-1a, eu-central-1b',
  ],
  [
    'a zone that is named twice',
    platform,
    network({ zones: [ZONES[0], ZONES[1], ZONES[1]] }),
    'durability-unavailable',
    'network.zones',
    `${ZONES[0]}, ${ZONES[1]}, ${ZONES[1]}`,
  ],
  [
    'a zone of another region',
    platform,
    network({ zones: [ZONES[0], ZONES[1], 'eu-west-1a'] }),
    'reference-missing',
    'network.zones',
    'eu-west-1a',
  ],
  [
    'a Local Zone, where no control plane lies',
    platform,
    network({ zones: [ZONES[0], ZONES[1], 'eu-central-1-ham-1a'] }),
    'reference-missing',
    'network.zones',
    'eu-central-1-ham-1a',
  ],
  [
    'addresses that are none',
    platform,
    network({ cidr: '300.1.0.0/16' }),
    'range-unfit',
    'network.cidr',
    '300.1.0.0/16',
  ],
  [
    'an engine on GPUs without a machine',
    gpuTopology,
    gpus('karpenter', {}),
    'reference-missing',
    'workloads.machines.chat',
    'nothing',
  ],
  [
    'an instance without that GPU',
    gpuTopology,
    gpus('karpenter', { chat: 'g6.2xlarge' }),
    'machine-unfit',
    'workloads.machines.chat',
    'g6.2xlarge, which has l4',
  ],
  [
    'a machine of another cloud',
    gpuTopology,
    gpus('karpenter', { chat: 'g2-standard-4' }),
    'machine-unfit',
    'workloads.machines.chat',
    'g2-standard-4',
  ],
  [
    'devices that are shared where groups bring them',
    sharedTopology,
    gpus('node-groups', { chat: 'g6e.2xlarge' }),
    'machine-unfit',
    'workloads.machines.chat',
    'g6e.2xlarge, whose devices are shared',
  ],
  [
    'a reservation in a zone that the network is not in',
    gpuTopology,
    gpus(
      'karpenter',
      { chat: 'g6e.2xlarge' },
      { reservations: { 'g6e.2xlarge': { type: 'reservation', id: 'cr-1', zone: 'eu-central-1d' } } },
    ),
    'reference-missing',
    'cluster.reservations.g6e.2xlarge.zone',
    'eu-central-1d',
  ],
  [
    'an id that is of no reservation',
    gpuTopology,
    gpus(
      'karpenter',
      { chat: 'g6e.2xlarge' },
      { reservations: { 'g6e.2xlarge': { type: 'reservation', id: 'i-1', zone: ZONES[0] } } },
    ),
    'name-malformed',
    'cluster.reservations.g6e.2xlarge.id',
    'i-1',
  ],
  [
    'a machine that no zone of the network sells',
    gpuTopology,
    gpus('karpenter', { chat: 'g6e.2xlarge' }, { offerings: { 'g6e.2xlarge': ['eu-central-1d'] } }),
    'reference-missing',
    'cluster.offerings.g6e.2xlarge',
    'eu-central-1d',
  ],
  [
    'a reservation in a zone that sells none',
    gpuTopology,
    gpus(
      'karpenter',
      { chat: 'g6e.2xlarge' },
      {
        offerings: { 'g6e.2xlarge': [ZONES[1]] },
        reservations: { 'g6e.2xlarge': { type: 'reservation', id: 'cr-1', zone: ZONES[0] } },
      },
    ),
    'settings-contradict',
    'cluster.offerings.g6e.2xlarge',
    `a reservation in ${ZONES[0]}, which sells none`,
  ],
  [
    'disks that do not grow',
    platform,
    {
      ...known,
      data: {
        kafka: {
          kind: 'provisioned',
          version: '4.1.x.kraft',
          instance: 'kafka.m7g.large',
          storage: { initial: '10 GiB', maximum: '10 GiB' },
        },
      },
    },
    'storage-too-small',
    'data.kafka.storage',
    '10 GiB to 10 GiB',
  ],
  ['a cache that nobody connects to', platform, cache({}), 'reference-missing', 'data.cache.users', 'nobody'],
  [
    'a user of every key',
    platform,
    cache({ web: { keys: '', access: 'read' } }),
    'access-too-wide',
    'data.cache.users.web.keys',
    'nothing',
  ],
  [
    'an image without a tag',
    platform,
    given({ versions: { 'inference-engine': '0.1.0' } }),
    'reference-missing',
    'workloads.versions.mail-classifier',
    'nothing',
  ],
  [
    'an address for who is not there',
    platform,
    given({ finds: { nobody: { CACHE_HOST: 'cache' } } }),
    'reference-missing',
    'workloads.finds.nobody',
    'nobody',
  ],
  [
    'an address of what is not there',
    platform,
    given({ finds: { classify: { CACHE_HOST: 'cache' } } }, {}),
    'reference-missing',
    'workloads.finds.classify.CACHE_HOST',
    'cache',
  ],
  [
    'a secret of what is not there',
    platform,
    given({ reads: { classify: { user: 'rabbitmq-username' } } }, {}),
    'reference-missing',
    'workloads.reads.classify.user',
    'rabbitmq-username',
  ],
  [
    'a user that the cache does not have',
    platform,
    given({ users: { classify: { cache: 'nobody' } } }),
    'reference-missing',
    'workloads.users.classify.cache',
    'nobody',
  ],
  [
    'a user of a database that is not there',
    platform,
    given({ users: { classify: { database: 'mails' } } }, {}),
    'reference-missing',
    'workloads.users.classify.database',
    'mails',
  ],
  [
    'an engine that Amazon does not serve',
    platform,
    given({ invokes: { classify: ['embedder'] } }),
    'reference-missing',
    'workloads.invokes.classify',
    'embedder',
  ],
  [
    'an engine that a worker calls and that answers into a bucket',
    called,
    servingEnvironment({ ...SAGEMAKER, serving: 'asynchronous' }),
    'settings-contradict',
    'serving.chat.serving',
    'chat, which is called by digest',
  ],
  [
    'an endpoint on devices of another class',
    digests,
    servingEnvironment({ ...SAGEMAKER, machine: 'ml.g5.xlarge' }),
    'machine-unfit',
    'serving.chat.machine',
    'ml.g5.xlarge',
  ],
  [
    'an endpoint whose devices would lie idle',
    digests,
    servingEnvironment({ ...SAGEMAKER, machine: 'ml.g6.12xlarge' }),
    'machine-unfit',
    'serving.chat.machine',
    'ml.g6.12xlarge, which holds 4 copies',
  ],
  [
    'an endpoint of an image that may move',
    digests,
    servingEnvironment({ ...SAGEMAKER, digest: 'sha256:1' }),
    'image-mutable',
    'serving.chat.digest',
    'sha256:1',
  ],
  [
    'models by a pattern',
    digests,
    servingEnvironment({ ...BEDROCK, model: { model: 'writer-*' } }),
    'access-too-wide',
    'serving.chat.model',
    '"writer-*"',
  ],
  [
    'a budget of nothing',
    platform,
    { ...known, budget: { ...known.budget, monthlyUsd: 0 } },
    'quantity-malformed',
    'budget.monthlyUsd',
    '0',
  ],
  [
    'a warning that nobody hears',
    platform,
    { ...known, budget: { ...known.budget, emails: ['platform'] } },
    'reference-missing',
    'budget.emails',
    'platform',
  ],
  [
    'an administrator by an ARN',
    platform,
    { ...known, cluster: { ...known.cluster, adminRoles: ['arn:aws:iam::1:role/admin'] } },
    'name-malformed',
    'cluster.adminRoles',
    'arn:aws:iam::1:role/admin',
  ],
];

describe('an environment of AWS', () => {
  testFaults(CASES);

  test('is right where nothing is wrong: those there are, and one of each way to serve and to buy', () => {
    for (const environment of Object.values(awsEnvironments))
      expect(environmentFaults(platform, environment)).toEqual([]);
    for (const serving of Object.values(SERVINGS))
      expect(environmentFaults(digests, servingEnvironment(serving))).toEqual([]);
    for (const form of ['karpenter', 'node-groups', 'auto'] as const)
      expect(environmentFaults(gpuTopology, gpuEnvironment(form))).toEqual([]);
  });

  test('rejects all that is wrong with all of them in one report, before a stack of one is made', () => {
    const wrong = [
      { ...awsEnvironments.dev, budget: { ...awsEnvironments.dev.budget, monthlyUsd: -1 } },
      { ...network({ cidr: '300.1.0.0/16' }), cluster: { ...known.cluster, adminRoles: ['a b'] as const } },
    ];
    let thrown: unknown;
    try {
      awsApp(platform, wrong);
    } catch (error) {
      thrown = error;
    }
    expect(EnvironmentError.is(thrown)).toBe(true);
    const { faults, message } = thrown as EnvironmentError;
    expect(faults.map(({ path }) => path)).toEqual([
      'dev.budget.monthlyUsd',
      'prod.network.cidr',
      'prod.cluster.adminRoles',
    ]);
    expect(message).toMatch(
      /^3 violations\n\n {2}dev\.budget\.monthlyUsd {2}\[quantity-malformed\]\n {4}received {2}-1\n/,
    );
  });

  test('throws nothing where nothing is wrong', () => {
    expect(() => checkEnvironments(platform, Object.values(awsEnvironments))).not.toThrow();
  });
});
