import { beforeAll, describe, expect, test } from '@jest/globals';
import { Rate } from '@penstock/model';
import type { Chart } from 'cdk8s';
import { Binding } from '../../../../constructs/binding.ts';
import { ConstructError, type ConstructErrorCode } from '../../../../constructs/errors.ts';
import {
  jetStreamArrivals,
  jobsArrivals,
  KafkaService,
  KafkaUser,
  kafkaCredentials,
  kafkaLag,
  prometheusRate,
  SyncedSecret,
  TriggerAuthentication,
} from '../../../../constructs/kubernetes/index.ts';
import { CORRECTIONS } from '../../../../constructs/kubernetes/keda/corrections.ts';
import { checkManifests, type Manifest } from '../../../../constructs/policies/index.ts';
import { SecretReference } from '../../../../constructs/secret-reference.ts';
import { ApiSchemas, realData, triggerParameters } from '../../../helpers/manifests.ts';
import { describeWith } from '../../../helpers/requirement.ts';
import { ARRIVALS, BACKLOGS, bySecret, jetStream, nats, queueOf, scaledBy, warm, workerOf, zero } from './scaled.ts';

interface EmittedTrigger {
  readonly type: string;
  readonly metricType: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly authenticationRef?: { readonly name: string };
}

const triggersIn = (manifests: readonly Manifest[]): readonly EmittedTrigger[] =>
  manifests.flatMap(({ kind, spec }) =>
    kind === 'ScaledObject' ? (spec as { readonly triggers: readonly EmittedTrigger[] }).triggers : [],
  );

const authenticationIn = (manifests: readonly Manifest[]) =>
  manifests.find(({ kind }) => kind === 'TriggerAuthentication') as Manifest;

function codeOf(run: () => unknown): ConstructErrorCode | undefined {
  try {
    run();
  } catch (error) {
    if (ConstructError.is(error)) return error.code;
  }
  return undefined;
}

const variants: readonly (readonly [string, (topology: typeof warm) => readonly Manifest[]])[] = [
  ...Object.entries(BACKLOGS).map(
    ([name, of]) =>
      [name, (topology: typeof warm) => scaledBy(topology, (chart) => ({ backlog: of(chart, topology) }))] as const,
  ),
  ...Object.entries(ARRIVALS).map(
    ([name, of]) =>
      [
        name,
        (topology: typeof warm) =>
          scaledBy(topology, (chart) => ({ backlog: jetStream(topology), arrivals: of(chart, topology) })),
      ] as const,
  ),
];

describe.each(variants)('a worker scaled by %s', (_name, synthesize) => {
  test('holds every rule, awake and asleep', () => {
    expect(checkManifests(synthesize(warm))).toEqual([]);
    expect(checkManifests(synthesize(zero))).toEqual([]);
  });

  test('asks for an average over replicas of every trigger', () => {
    expect(triggersIn(synthesize(warm)).filter(({ metricType }) => metricType !== 'AverageValue')).toEqual([]);
  });

  test('refers to an authentication that is among its objects, wherever there is one', () => {
    const manifests = synthesize(warm);
    const names = triggersIn(manifests).flatMap(({ authenticationRef }) => authenticationRef?.name ?? []);
    const made = manifests.filter(({ kind }) => kind === 'TriggerAuthentication').map(({ metadata }) => metadata.name);
    expect([...new Set(names)]).toEqual(made);
  });
});

describeWith(realData, "held against KEDA's definitions", () => {
  let schemas: ApiSchemas;
  beforeAll(() => {
    schemas = new ApiSchemas();
  });

  test.each(variants)('every object of %s is one that the API server takes', (_name, synthesize) => {
    expect([...synthesize(warm), ...synthesize(zero)].flatMap((manifest) => schemas.faultsOf(manifest))).toEqual([]);
  });

  test.each(variants)(
    'every parameter of %s is one that KEDA knows, and none that it demands is missing',
    (_name, synthesize) => {
      for (const { type, metadata } of triggersIn(synthesize(warm))) {
        const listed = triggerParameters(type);
        const added = Object.entries(CORRECTIONS[type as keyof typeof CORRECTIONS] ?? {})
          .filter(([, { as }]) => as === 'added')
          .map(([name]) => name);
        const known = [...listed.map(({ name }) => name), ...added];
        expect(Object.keys(metadata).filter((name) => !known.includes(name))).toEqual([]);
        const leftOut = (name: string): boolean =>
          CORRECTIONS[type as keyof typeof CORRECTIONS]?.[name]?.as === 'left-out' ||
          CORRECTIONS[type as keyof typeof CORRECTIONS]?.[name]?.as === 'credential';
        const demanded = listed.filter(
          (parameter) =>
            parameter.optional !== true &&
            parameter.default === undefined &&
            parameter.metadataVariableReadable === true &&
            !leftOut(parameter.name),
        );
        expect(demanded.map(({ name }) => name).filter((name) => metadata[name] === undefined)).toEqual([]);
      }
    },
  );

  test.each(variants)(
    'every secret of %s goes to a parameter that an authentication may carry',
    (_name, synthesize) => {
      const manifests = synthesize(warm);
      const [trigger] = triggersIn(manifests).filter(({ authenticationRef }) => authenticationRef !== undefined);
      const spec = authenticationIn(manifests)?.['spec'] as { secretTargetRef?: { parameter: string }[] } | undefined;
      const known = [
        ...triggerParameters(trigger?.type ?? '').filter((each) => each.triggerAuthenticationVariableReadable === true),
        ...Object.entries(CORRECTIONS[trigger?.type as keyof typeof CORRECTIONS] ?? {})
          .filter(([, { as }]) => as === 'added-credential')
          .map(([name]) => ({ name })),
      ].map(({ name }) => name);
      const given = (spec?.secretTargetRef ?? []).map(({ parameter }) => parameter);
      expect(given.filter((name) => !known.includes(name))).toEqual([]);
    },
  );
});

describe('the triggers', () => {
  const metadataOf = (name: keyof typeof BACKLOGS) =>
    triggersIn(
      scaledBy(warm, (chart) => ({ backlog: (BACKLOGS[name] as (typeof BACKLOGS)[string])(chart, warm) })),
    ).map(({ metadata }) => metadata);

  test('lower the numbers of the model to text', () => {
    expect(metadataOf('JetStream')[0]?.['lagThreshold']).toBe(String(workerOf(warm).lagThreshold));
    const [, rate] = triggersIn(
      scaledBy(warm, () => ({
        backlog: jetStream(warm),
        arrivals: prometheusRate({
          server: Binding.of('http://prometheus:9090'),
          query: jetStreamArrivals(nats, queueOf(warm)),
          ratePerReplica: workerOf(warm).ratePerReplica,
        }),
      })),
    );
    // One at a time, 200 ms each, at 70 %.
    expect(workerOf(warm).concurrency).toBe(1);
    expect(rate?.metadata['threshold']).toBe('3.5');
  });

  test('round a rate down to the thousandths KEDA compares, and never to nothing', () => {
    const threshold = (perSecond: number) =>
      prometheusRate({ server: Binding.of(''), query: '', ratePerReplica: Rate.perSecond(perSecond) }).trigger.metadata
        .threshold;
    expect([22.4, 1 / 3, 0.000_01].map(threshold)).toEqual(['22.4', '0.333', '0.001']);
  });

  test('know how each way into Kafka is spelt', () => {
    expect(metadataOf('Kafka by a certificate')[0]).toMatchObject({ tls: 'enable' });
    expect(metadataOf('Kafka by a certificate')[0]).not.toHaveProperty('sasl');
    expect(metadataOf('Kafka by SCRAM')[0]).toMatchObject({ tls: 'enable', sasl: 'scram_sha512' });
    expect(metadataOf('Kafka by IAM')[0]).toMatchObject({
      tls: 'enable',
      sasl: 'oauthbearer',
      saslTokenProvider: 'aws_msk_iam',
      awsRegion: 'eu-central-1',
    });
  });

  test('read jobs as a task queue tells of them: what is due or out, and how many are added', () => {
    expect(metadataOf('a task queue')[0]).toMatchObject({
      query: 'max(penstock_jobs_backlog{namespace="shop",queue="jobs"})',
      threshold: String(workerOf(warm).lagThreshold),
      activationThreshold: '0',
    });
    const arrivals = jobsArrivals({
      server: Binding.of('http://prometheus:9090'),
      namespace: 'shop',
      queue: 'jobs',
      worker: workerOf(warm),
    });
    expect(arrivals.trigger.metadata).toMatchObject({
      query: 'max(rate(penstock_jobs_arrived_total{namespace="shop",queue="jobs"}[2m]))',
      threshold: '3.5',
    });
  });

  test('read the arrivals of a queue off the leader of its stream', () => {
    expect(jetStreamArrivals(nats, queueOf(warm))).toBe(
      'max(rate(jetstream_stream_last_seq{namespace="nats",stream_name="SCALE_JOBS",is_stream_leader="true"}[2m]))',
    );
  });
});

describe('an authentication', () => {
  const brokers = { bootstrapServers: Binding.of('kafka:9093'), version: '4.1.0' };
  const group = { topic: { name: 't' }, consumerGroup: 'g', lagThreshold: 1 };

  test('names Secrets and keys, never a value', () => {
    const manifests = scaledBy(warm, (chart) => ({
      backlog: (BACKLOGS['Kafka by SCRAM'] as (typeof BACKLOGS)[string])(chart, warm),
    }));
    expect(authenticationIn(manifests)['spec']).toEqual({
      secretTargetRef: ['ca', 'username', 'password'].map((name) => ({
        parameter: name,
        name: 'scale-kafka',
        key: name,
      })),
    });
  });

  test('is a user of Strimzi by its certificate, and knows the brokers by their own authority', () => {
    const kafka = new KafkaService({ namespace: 'jobs', authentication: 'tls', brokers: 3, controllers: 3 });
    const manifests = scaledBy(warm, (chart) => {
      const user = new KafkaUser(chart, 'user', { topology: warm, name: 'keda', kafka });
      const authentication = new TriggerAuthentication(chart, 'kafka', {
        topology: warm,
        name: 'kafka',
        trigger: 'kafka',
        credentials: kafkaCredentials(user, kafka),
      });
      const brokers = { bootstrapServers: kafka.bootstrap, version: '4.1.0' };
      return {
        backlog: kafkaLag({ ...group, brokers: { ...brokers, access: { by: 'certificate', authentication } } }),
      };
    });
    expect(authenticationIn(manifests)['spec']).toEqual({
      secretTargetRef: [
        { parameter: 'ca', name: 'kafka-cluster-ca-cert', key: 'ca.crt' },
        { parameter: 'cert', name: 'scale-keda', key: 'user.crt' },
        { parameter: 'key', name: 'scale-keda', key: 'user.key' },
      ],
    });
  });

  test('assumes a role, or is whoever KEDA or the worker is', () => {
    const identityOf = (name: string) =>
      authenticationIn(
        scaledBy(warm, (chart) => ({
          backlog: BACKLOGS[name]?.(chart, warm) ?? jetStream(warm),
          ...(ARRIVALS[name] === undefined ? {} : { arrivals: ARRIVALS[name](chart, warm) }),
        })),
      )['spec'];
    expect(identityOf('Kafka by IAM')).toEqual({
      podIdentity: { provider: 'aws', roleArn: 'arn:aws:iam::111122223333:role/keda-lag' },
    });
    expect(identityOf('Amazon Managed Prometheus')).toEqual({
      podIdentity: { provider: 'aws', identityOwner: 'workload' },
    });
    expect(identityOf('Google Managed Prometheus')).toEqual({ podIdentity: { provider: 'gcp' } });
  });

  const within = (run: (chart: Chart) => unknown) =>
    codeOf(() =>
      scaledBy(warm, (chart) => {
        run(chart);
        return { backlog: jetStream(warm) };
      }),
    );

  test('takes the file of a synced secret by its name', () => {
    let key: unknown;
    expect(
      within((chart) => {
        key = synced(chart).key('password');
      }),
    ).toBeUndefined();
    expect(key).toEqual({ secret: 'scale-broker', key: 'password' });
  });

  test('rejects a file that a synced secret does not have', () => {
    expect(within((chart) => synced(chart).key('pasword'))).toBe('reference-missing');
  });

  test('rejects one without a single secret', () => {
    expect(within((chart) => bySecret(chart, warm, 'kafka'))).toBe('reference-missing');
  });

  test('rejects a password where a certificate has to be', () => {
    expect(
      within((chart) =>
        kafkaLag({
          ...group,
          brokers: {
            ...brokers,
            access: { by: 'certificate', authentication: bySecret(chart, warm, 'kafka', 'username', 'password') },
          },
        }),
      ),
    ).toBe('reference-missing');
  });

  test('rejects secrets where a pod identity has to be', () => {
    expect(
      within((chart) =>
        kafkaLag({
          ...group,
          brokers: {
            ...brokers,
            access: {
              by: 'aws-iam',
              region: Binding.of('eu-central-1'),
              authentication: bySecret(chart, warm, 'kafka', 'username', 'password'),
            },
          },
        }),
      ),
    ).toBe('reference-missing');
  });
});

const synced = (chart: Chart) =>
  new SyncedSecret(chart, 'broker', {
    topology: warm,
    name: 'broker',
    store: { name: 'vault', kind: 'SecretStore' },
    files: { password: SecretReference.inStore({ key: Binding.of('broker/password') }) },
  });
