import { expect, test } from '@jest/globals';
import {
  type AwsGpuMachine,
  declareHttpService,
  declareInferenceEngine,
  declareJob,
  declareMigration,
  declareWorker,
  defineTopology,
  encodeProfile,
  formatViolations,
  ModelError,
  machineFor,
  PROFILE_VERSION,
  parseProfile,
  type TopologySpec,
  VIOLATION_CODES,
  type ViolationCode,
  workerProfile,
} from '@penstock/model';

const worker = declareWorker({ name: 'mail-classifier', payload: 'job.v1', calls: ['embedder'] });
const engine = declareInferenceEngine({ name: 'inference-engine', tasks: ['embedding'] });
const front = declareHttpService({ name: 'front', calls: [], publishes: { jobs: 'job.v1' } });
const report = declareJob({ name: 'report', calls: [], publishes: {} });
const migration = declareMigration({ name: 'schema' });

/** A declaration without fault, as plain data so that a case can break any part of it. */
const valid = () => ({
  name: 'shop',
  queues: { mails: { arrivalRate: '30/s', doneWithin: '5 minutes' } as Record<string, unknown> },
  topics: {
    events: {
      arrivalRate: '30/s',
      consumers: {
        audit: { workTime: { mean: '10 milliseconds', p99: '50 milliseconds' }, pinned: {} as Record<string, unknown> },
      },
    } as Record<string, unknown> & { consumers: { audit: { pinned: Record<string, unknown> } } },
  },
  engines: {
    embedder: {
      service: engine as unknown,
      task: 'embedding',
      model: { id: 'minilm', revision: '1', weights: '90 MB', dimensions: 384, maxTokens: 256 },
      tokenRate: '3500/s',
      tokensPerRequest: 100,
      doneWithin: '1 second',
      pinned: {} as Record<string, unknown>,
      resources: { memory: '1 GiB' },
    } as Record<string, unknown> & { pinned: Record<string, unknown>; resources: Record<string, unknown> },
  },
  workers: {
    classify: {
      service: worker as unknown,
      queue: 'mails',
      workTime: { mean: '1 second', p99: '3 seconds' } as Record<string, unknown>,
      itemsAtOnce: 4,
      calls: { embedder: { engine: 'embedder' } } as Record<string, unknown>,
      pinned: {} as Record<string, unknown>,
    } as Record<string, unknown> & {
      workTime: Record<string, unknown>;
      pinned: Record<string, unknown>;
      calls: Record<string, unknown>;
    },
  } as Record<
    string,
    Record<string, unknown> & {
      workTime: Record<string, unknown>;
      pinned: Record<string, unknown>;
      calls: Record<string, unknown>;
    }
  >,
  httpServices: {
    api: {
      service: front as unknown,
      arrivalRate: '20/s',
      requestTime: { mean: '50 milliseconds', p99: '400 milliseconds' },
      requestsAtOnce: 20,
      doneWithin: '2 seconds',
      publishes: { jobs: { queue: 'mails' } } as Record<string, unknown>,
    },
  },
  schedules: {
    nightly: {
      service: report,
      cron: '0 3 * * *',
      runTime: { mean: '5 minutes', p99: '20 minutes' },
    } as Record<string, unknown>,
  },
  migrations: { schema: { service: migration, longestRun: '2 minutes' } } as Record<string, unknown>,
  objectives: { 'in-time': { queue: 'mails', target: '99.9%' } as Record<string, unknown> },
});

type Declaration = ReturnType<typeof valid>;

const define = (spec: Declaration) => defineTopology(spec as unknown as TopologySpec);
const profileText = (): string => encodeProfile(workerProfile(define(valid()), 'classify'));
const parse = (text: string | undefined) => parseProfile(text, worker);
const at = (spec: Declaration) => spec.workers['classify'] as Declaration['workers'][string];

/** How each code comes about by one change, and where it is reported. */
type Case = readonly [path: string, change: (spec: Declaration) => unknown];

const declarations: Readonly<Record<Exclude<ViolationCode, `profile-${string}` | 'accelerator-mismatch'>, Case>> = {
  'field-unknown': ['queues.mails.maxAttemps', ({ queues }) => Object.assign(queues.mails, { maxAttemps: 3 })],
  'field-missing': ['queues.mails.doneWithin', ({ queues }) => delete queues.mails['doneWithin']],
  'unit-malformed': [
    'queues.mails.doneWithin',
    ({ queues }) => Object.assign(queues.mails, { doneWithin: '30 secnds' }),
  ],
  'value-out-of-range': ['queues.mails.maxAttempts', ({ queues }) => Object.assign(queues.mails, { maxAttempts: 0 })],
  'choice-unknown': [
    'queues.mails.durability',
    ({ queues }) => Object.assign(queues.mails, { durability: 'eventual' }),
  ],
  'name-illegal': [
    'workers.Classify_2',
    (spec) => {
      spec.workers = { Classify_2: at(spec) };
    },
  ],
  'name-too-long': [
    'topology.name',
    (spec) => Object.assign(spec, { name: 'a-name-that-is-far-too-long-for-an-account', queues: spec.queues }),
  ],
  'name-taken': [
    'migrations.api',
    (spec) => {
      spec.migrations = { api: spec.migrations['schema'] };
    },
  ],
  'reference-unknown': [
    'objectives.in-time.queue',
    ({ objectives }) => Object.assign(objectives['in-time'], { queue: 'mail' }),
  ],
  'percentile-below-mean': [
    'workers.classify.workTime.p99',
    (spec) => Object.assign(at(spec).workTime, { p99: '500 milliseconds' }),
  ],
  'peak-below-mean': ['queues.mails.peakRate', ({ queues }) => Object.assign(queues.mails, { peakRate: '10/s' })],
  'backoff-inverted': [
    'queues.mails.backoff.maximum',
    ({ queues }) => Object.assign(queues.mails, { backoff: { initial: '1 minute', maximum: '1 second' } }),
  ],
  'retention-too-short': [
    'queues.mails.retention',
    ({ queues }) => Object.assign(queues.mails, { retention: '10 seconds' }),
  ],
  'deadline-unreachable': [
    'workers.classify.workTime.p99',
    (spec) => Object.assign(at(spec).workTime, { p99: '6 minutes' }),
  ],
  'queue-unconsumed': [
    'queues.parcels',
    ({ queues }) => Object.assign(queues, { parcels: { arrivalRate: '1/s', doneWithin: '1 minute' } }),
  ],
  'queue-contested': [
    'queues.mails',
    (spec) => {
      spec.workers = { classify: at(spec), other: at(spec) };
    },
  ],
  'service-kind-mismatch': [
    'engines.embedder.service',
    ({ engines }) => Object.assign(engines.embedder, { service: worker }),
  ],
  'call-undeclared': [
    'workers.classify.calls.ranker',
    (spec) => Object.assign(at(spec).calls, { ranker: { engine: 'embedder' } }),
  ],
  'call-missing': ['workers.classify.calls.embedder', (spec) => delete at(spec).calls['embedder']],
  'call-slower-than-work': [
    'workers.classify.calls.embedder',
    ({ engines }) => Object.assign(engines.embedder, { doneWithin: '10 seconds' }),
  ],
  'publish-undeclared': [
    'httpServices.api.publishes.mails',
    ({ httpServices }) => Object.assign(httpServices.api.publishes, { mails: { queue: 'mails' } }),
  ],
  'publish-missing': [
    'httpServices.api.publishes.jobs',
    ({ httpServices }) => delete httpServices.api.publishes['jobs'],
  ],
  'payload-mismatch': [
    'httpServices.api.publishes.jobs',
    ({ httpServices }) =>
      Object.assign(httpServices.api, {
        service: declareHttpService({ name: 'front', calls: [], publishes: { jobs: 'job.v2' } }),
      }),
  ],
  'publishers-exceed-peak': [
    'queues.mails.peakRate',
    ({ httpServices }) => Object.assign(httpServices.api.publishes, { jobs: { queue: 'mails', perRequest: 2 } }),
  ],
  'schedule-malformed': [
    'schedules.nightly.cron',
    ({ schedules }) => Object.assign(schedules.nightly, { cron: '@daily' }),
  ],
  'schedule-never': [
    'schedules.nightly.cron',
    ({ schedules }) => Object.assign(schedules.nightly, { cron: '0 3 30 2 *' }),
  ],
  'time-zone-unknown': [
    'schedules.nightly.timeZone',
    ({ schedules }) => Object.assign(schedules.nightly, { timeZone: 'Local' }),
  ],
  'run-exceeds-interval': [
    'schedules.nightly.runTime.p99',
    ({ schedules }) => Object.assign(schedules.nightly, { cron: '*/15 * * * *' }),
  ],
  'ack-wait-too-short': [
    'workers.classify.pinned.ackWait',
    (spec) => Object.assign(at(spec).pinned, { ackWait: '2 seconds' }),
  ],
  'prefetch-exceeds-lease': [
    'workers.classify.pinned.prefetch',
    (spec) => Object.assign(at(spec).pinned, { prefetch: 100, ackWait: '10 seconds' }),
  ],
  'max-ack-pending-too-small': [
    'workers.classify.pinned.maxAckPending',
    (spec) => Object.assign(at(spec).pinned, { maxAckPending: 5 }),
  ],
  'replicas-inverted': [
    'workers.classify.pinned.minReplicas',
    (spec) => Object.assign(at(spec).pinned, { minReplicas: 50, maxReplicas: 40 }),
  ],
  'replicas-insufficient': [
    'workers.classify.pinned.maxReplicas',
    (spec) => Object.assign(at(spec).pinned, { maxReplicas: 2 }),
  ],
  'replicas-exceed-partitions': [
    'topics.events.consumers.audit.pinned.maxReplicas',
    ({ topics }) => Object.assign(topics.events.consumers.audit.pinned, { maxReplicas: 500 }),
  ],
  'scale-to-zero-too-slow': [
    'workers.classify.idle',
    (spec) => Object.assign(at(spec), { idle: 'scale-to-zero', coldStart: '6 minutes' }),
  ],
  'cooldown-too-short': [
    'workers.classify.pinned.cooldown',
    (spec) => Object.assign(at(spec).pinned, { cooldown: '10 seconds' }),
  ],
  'grace-too-short': [
    'workers.classify.pinned.terminationGrace',
    (spec) => Object.assign(at(spec).pinned, { terminationGrace: '4 seconds' }),
  ],
  'duplicate-window-too-short': [
    'queues.mails.pinned.duplicateWindow',
    ({ queues }) => Object.assign(queues.mails, { pinned: { duplicateWindow: '1 minute' } }),
  ],
  'batch-too-small': [
    'engines.embedder.pinned.maxBatchTokens',
    ({ engines }) => Object.assign(engines.embedder.pinned, { maxBatchTokens: 100 }),
  ],
  'batch-exceeds-deadline': [
    'engines.embedder.doneWithin',
    ({ engines }) => Object.assign(engines.embedder, { doneWithin: '200 milliseconds' }),
  ],
  'memory-exceeded': [
    'engines.embedder.resources.memory',
    ({ engines }) => Object.assign(engines.embedder.resources, { memory: '256 MiB' }),
  ],
  'accelerator-unsupported': [
    'engines.embedder.accelerator.nodes',
    ({ engines }) =>
      Object.assign(engines.embedder, {
        accelerator: { gpu: 'h100', nodes: 2 },
        tokenRate: '100000/s',
        resources: { memory: '8 GiB' },
      }),
  ],
  'objective-unalertable': [
    'objectives.in-time.target',
    ({ objectives }) => Object.assign(objectives['in-time'], { target: '90%' }),
  ],
};

const profiles: Readonly<
  Record<Extract<ViolationCode, `profile-${string}`>, readonly [path: string, text: () => string | undefined]>
> = {
  'profile-missing': ['PENSTOCK_PROFILE', () => undefined],
  'profile-malformed': [
    'PENSTOCK_PROFILE.concurrency',
    () => profileText().replace(/"concurrency":\d+/, '"concurrency":"4"'),
  ],
  'profile-version-unsupported': [
    'PENSTOCK_PROFILE.version',
    () => profileText().replace(`"version":${PROFILE_VERSION}`, '"version":99'),
  ],
  'profile-mismatch': [
    'PENSTOCK_PROFILE.fingerprint',
    () => profileText().replace(worker.fingerprint, '0123456789abcdef'),
  ],
};

/** Faults of a value that is looked up outside a declaration. */
const values: Readonly<Record<'accelerator-mismatch', readonly [path: string, work: () => unknown]>> = {
  'accelerator-mismatch': ['machine', () => machineFor('aws', 'p5.48xlarge' as AwsGpuMachine<'l4'>, 'l4')],
};

function violationsOf(work: () => unknown) {
  try {
    work();
  } catch (error) {
    if (ModelError.is(error)) return error.violations;
    throw error;
  }
  return [];
}

test('the declaration that every case breaks holds by itself', () => {
  expect(violationsOf(() => define(valid()))).toEqual([]);
  expect(parse(profileText()).concurrency).toBe(4);
});

test('every code has a case', () => {
  const cases = [declarations, values, profiles].flatMap(Object.keys);
  expect(cases.toSorted()).toEqual([...VIOLATION_CODES].toSorted());
});

test.each(Object.entries(declarations))('rejects by %s, once, where it was written', (code, [path, change]) => {
  const spec = valid();
  change(spec);
  const violations = violationsOf(() => define(spec));
  expect(violations.map((violation) => [violation.code, violation.path])).toEqual([[code, path]]);
  for (const text of [violations[0]?.received, violations[0]?.expected, violations[0]?.repair])
    expect(text).toMatch(/\S/);
});

test.each(Object.entries(values))('rejects by %s, once, what was looked up', (code, [path, work]) => {
  expect(violationsOf(work)).toMatchObject([{ code, path }]);
});

test.each(Object.entries(profiles))('rejects a profile by %s', (code, [path, text]) => {
  expect(violationsOf(() => parse(text())).map((violation) => [violation.code, violation.path])).toEqual([
    [code, path],
  ]);
});

test('rejects a declaration by all of its faults at once', () => {
  const spec = valid();
  spec.queues.mails['doneWithin'] = '30 secnds';
  (spec.topics.events as Record<string, unknown>)['arrivalRate'] = '-5/s';
  spec.engines.embedder.pinned['maxBatchTokens'] = 100;
  const violations = violationsOf(() => define(spec));
  expect(violations.map(({ code }) => code).toSorted()).toEqual([
    'batch-too-small',
    'unit-malformed',
    'unit-malformed',
  ]);
  expect(formatViolations(violations)).toContain(
    'queues.mails.doneWithin  [unit-malformed]\n    received  30 secnds\n    expected  a duration such as "30 seconds"',
  );
});
