import type { Manifest } from '../../../../constructs/policies/index.ts';
import { type CaseSet, casesOf, setting, withChange } from './case.ts';

const metadata = (name: string) => ({ name, namespace: 'orders' });
const apiVersion = 'keda.sh/v1alpha1';

const scaler = (name: string, triggers: readonly object[]): Manifest => ({
  apiVersion,
  kind: 'ScaledObject',
  metadata: metadata(name),
  spec: {
    scaleTargetRef: { name },
    pollingInterval: 15,
    cooldownPeriod: 300,
    initialCooldownPeriod: 300,
    minReplicaCount: 0,
    maxReplicaCount: 12,
    fallback: { failureThreshold: 3, replicas: 1, behavior: 'currentReplicasIfHigher' },
    advanced: {
      horizontalPodAutoscalerConfig: { behavior: { scaleDown: { stabilizationWindowSeconds: 300 } } },
    },
    triggers,
  },
});

const rabbit = {
  type: 'rabbitmq',
  metadata: {
    host: 'http://rabbit.rabbit.svc.cluster.local:15672',
    protocol: 'http',
    vhostName: 'shop',
    queueName: 'orders',
    mode: 'QueueLength',
    value: '40',
    activationValue: '0',
  },
  authenticationRef: { name: 'rabbit' },
};

const rate = {
  type: 'prometheus',
  metadata: {
    serverAddress: 'https://prometheus.example.com',
    query: 'sum(rate(rabbitmq_queue_messages_published_total{queue="orders"}[2m]))',
    threshold: '22.4',
    activationThreshold: '22.4',
    ignoreNullValues: 'false',
    authModes: 'bearer',
  },
  authenticationRef: { name: 'prometheus' },
};

const redis = (target: object) => ({
  type: 'redis-streams',
  metadata: { address: 'valkey:6379', enableTLS: 'true', stream: 'orders', consumerGroup: 'billing', ...target },
});

const authentication = (name: string, parameters: readonly string[]): Manifest => ({
  apiVersion,
  kind: 'TriggerAuthentication',
  metadata: metadata(name),
  spec: { secretTargetRef: parameters.map((parameter) => ({ parameter, name, key: parameter })) },
});

const compliant: readonly Manifest[] = [
  scaler('billing', [rabbit, rate]),
  scaler('search', [redis({ lagCount: '40' }), redis({ pendingEntriesCount: '40' })]),
  authentication('rabbit', ['username', 'password']),
  authentication('prometheus', ['bearerToken', 'ca']),
];
const { broken } = casesOf(compliant);
const BILLING = ['ScaledObject', 'billing'] as const;
const SEARCH = ['ScaledObject', 'search'] as const;
const RABBIT = 'spec.triggers.0.metadata';
const RATE = 'spec.triggers.1.metadata';

export const kedaCases: CaseSet = {
  name: 'KEDA',
  compliant,
  cases: [
    broken('scaler-sleeps', 'a rate that is to wake', BILLING, 'spec.triggers', [rate], /no trigger sees work/),
    broken('scaler-sleeps', 'a floor that is not zero', BILLING, 'spec.idleReplicaCount', 1, /none but 0/),
    broken(
      'scaler-sleeps',
      'items that may wait for ever',
      BILLING,
      `${RABBIT}.activationValue`,
      '5',
      /wait.* for ever/,
    ),
    broken(
      'scaler-sleeps',
      'an end sooner than the way down',
      BILLING,
      'spec.cooldownPeriod',
      60,
      /to none after 60 s/,
    ),
    broken(
      'scaler-sleeps',
      'a series of the pods themselves',
      BILLING,
      `${RATE}.query`,
      'sum(vllm:num_requests_waiting)',
      /own pods/,
    ),
    [
      'scaler-sleeps',
      'a floor of none beside a minimum of one',
      withChange(compliant, BILLING, (draft) => {
        setting('spec.minReplicaCount', 1)(draft);
        setting('spec.idleReplicaCount', 0)(draft);
        setting('spec.triggers', [rate])(draft);
      }),
      /no trigger sees work/,
    ],
    broken('scaler-explicit', 'an error that counts as no work', BILLING, 'spec.fallback.replicas', 0, /no replica/),
    broken('scaler-counts-in-flight', 'ready messages alone', BILLING, `${RABBIT}.protocol`, 'amqp', /protocol http/),
    broken(
      'scaler-counts-in-flight',
      'messages without those in work',
      BILLING,
      `${RABBIT}.excludeUnacknowledged`,
      'true',
      /excludeUnacknowledged/,
    ),
    broken(
      'scaler-counts-in-flight',
      'what waits alone',
      SEARCH,
      'spec.triggers',
      [redis({ lagCount: '40' })],
      /lagCount leaves out/,
    ),
    broken(
      'scaler-counts-in-flight',
      'what is in work alone',
      SEARCH,
      'spec.triggers',
      [redis({ pendingEntriesCount: '40' })],
      /leaves out what waits/,
    ),
    broken('scaler-auth-modes', 'a token that is not read', BILLING, `${RATE}.authModes`, undefined, /are not read/),
    broken('scaler-sees-absence', 'no data for zero', BILLING, `${RATE}.ignoreNullValues`, 'true', /no data for zero/),
  ],
};
