import { describe, expect, test } from '@jest/globals';
import { Bytes, type Topology } from '@penstock/model';
import { App, Chart } from 'cdk8s';
import { Binding } from '../../../constructs/binding.ts';
import { ConstructError } from '../../../constructs/errors.ts';
import { JetStreamQueue, jetStreamArrivals, prometheusRate } from '../../../constructs/kubernetes/index.ts';
import { checkManifests, type Manifest } from '../../../constructs/policies/index.ts';
import {
  ARRIVALS,
  BACKLOGS,
  bySecret,
  jetStream,
  jobsBy,
  nats,
  queueOf,
  scaledBy,
  topologyWith,
  warm,
  workerOf,
  zero,
} from './keda/scaled.ts';

// One test for each way in which KEDA has failed others on queues: what we emit against it, and that a policy misses it
// when somebody changes it. The numbers are of KEDA's own tracker.

interface Spec {
  scaleTargetRef: { name: string };
  minReplicaCount: number;
  maxReplicaCount: number;
  idleReplicaCount?: number;
  cooldownPeriod?: number;
  initialCooldownPeriod?: number;
  fallback: { failureThreshold: number; replicas: number; behavior: string };
  advanced: { horizontalPodAutoscalerConfig: { behavior: { scaleDown: { stabilizationWindowSeconds: number } } } };
  triggers: { type: string; metadata: Record<string, string>; authenticationRef?: { name: string } }[];
}

const backedBy = (name: keyof typeof BACKLOGS, topology: Topology = warm): readonly Manifest[] =>
  scaledBy(topology, (chart) => ({ backlog: (BACKLOGS[name] as (typeof BACKLOGS)[string])(chart, topology) }));

const withRate = (topology: Topology, name = 'an open Prometheus'): readonly Manifest[] =>
  scaledBy(topology, (chart) => ({
    backlog: jetStream(topology),
    arrivals: (ARRIVALS[name] as (typeof ARRIVALS)[string])(chart, topology),
  }));

const specOf = (manifests: readonly Manifest[]): Spec =>
  manifests.find(({ kind }) => kind === 'ScaledObject')?.['spec'] as Spec;

const metadataOf = (manifests: readonly Manifest[], at = 0): Record<string, string> =>
  specOf(manifests).triggers[at]?.metadata as Record<string, string>;

/** Ids of the policies that miss a change of the scaler. */
function missedBy(manifests: readonly Manifest[], change: (spec: Spec) => void): readonly string[] {
  expect(checkManifests(manifests)).toEqual([]);
  const copy = structuredClone(manifests) as Manifest[];
  change(specOf(copy));
  return checkManifests(copy).map(({ policy }) => policy);
}

const setting =
  (name: string, value: string | undefined, at = 0) =>
  ({ triggers }: Spec): void => {
    const metadata = triggers[at]?.metadata as Record<string, string>;
    if (value === undefined) delete metadata[name];
    else metadata[name] = value;
  };

describe('on JetStream', () => {
  test('only the leader of a consumer knows its lag, and is found by its pod behind the headless service (3564, 3860, 6042)', () => {
    expect(metadataOf(backedBy('JetStream'))['natsServerMonitoringEndpoint']).toBe(
      'nats-headless.nats.svc.cluster.local:8222',
    );
    expect(
      missedBy(backedBy('JetStream'), setting('natsServerMonitoringEndpoint', 'nats.nats.svc.cluster.local:8222')),
    ).toEqual(['scaler-sees-leader']);
  });

  test('a consumer that is missing does not run the whole fleet: what runs stays, and no more (7668)', () => {
    const { fallback, maxReplicaCount } = specOf(backedBy('JetStream'));
    expect(fallback.behavior).toBe('currentReplicasIfHigher');
    expect(fallback.replicas).toBeLessThan(maxReplicaCount);
    const fixed = (spec: Spec): void => {
      spec.fallback.behavior = 'static';
    };
    expect(missedBy(backedBy('JetStream'), fixed)).toEqual(['scaler-explicit']);
  });
});

describe('on Kafka', () => {
  const asleep = () => backedBy('Kafka by a certificate', zero);

  test('a topic is named, or a group that has committed nothing never wakes', () => {
    expect(metadataOf(asleep())['topic']).toBe('shop.orders');
    expect(missedBy(asleep(), setting('topic', undefined))).toContain('kafka-trigger-partitions');
  });

  test('offsets that are not there yet keep a replica instead of hiding events (2033, 4910, 5274)', () => {
    expect(metadataOf(asleep())).toMatchObject({ offsetResetPolicy: 'earliest', scaleToZeroOnInvalidOffset: 'false' });
    expect(missedBy(asleep(), setting('scaleToZeroOnInvalidOffset', 'true'))).toEqual(['kafka-trigger-offsets']);
    expect(missedBy(asleep(), setting('offsetResetPolicy', undefined))).toEqual(['kafka-trigger-offsets']);
  });

  test('a lag of events that retention has deleted asks for one replica a partition at most (2612, 7936)', () => {
    expect(metadataOf(asleep())).not.toHaveProperty('allowIdleConsumers');
    const topic = {
      apiVersion: 'kafka.strimzi.io/v1',
      kind: 'KafkaTopic',
      metadata: { name: 'shop.orders', namespace: 'events', labels: { 'strimzi.io/cluster': 'backbone' } },
      spec: { partitions: 3, replicas: 3, config: { 'min.insync.replicas': 2 } },
    };
    const findings = checkManifests([...asleep(), topic]).map(({ policy }) => policy);
    expect(specOf(asleep()).maxReplicaCount).toBeGreaterThan(3);
    expect(findings).toContain('kafka-trigger-partitions');
  });

  test('a broker that is replaced is one of several that are asked, and an error is never taken for no work (4098)', () => {
    expect(metadataOf(asleep())['bootstrapServers']).toBe('backbone-kafka-bootstrap.events.svc.cluster.local:9093');
    expect(specOf(asleep()).fallback.replicas).toBe(1);
    expect(specOf(asleep()).cooldownPeriod).toBeGreaterThanOrEqual(300);
    expect(missedBy(asleep(), setting('bootstrapServers', 'backbone-broker-0.brokers.events:9093'))).toEqual([
      'kafka-trigger-offsets',
    ]);
    const nothing = (spec: Spec): void => {
      spec.fallback.replicas = 0;
    };
    expect(missedBy(asleep(), nothing)).toContain('scaler-explicit');
  });

  test('the version is stated: Kafka 4 has forgotten the one that KEDA speaks by default', () => {
    expect(metadataOf(asleep())['version']).toBe('4.1.0');
    expect(missedBy(asleep(), setting('version', undefined))).toEqual(['kafka-trigger-offsets']);
  });
});

describe('on Prometheus', () => {
  test('a series that is missing is an error and not a zero: ignoreNullValues (3065, 4249)', () => {
    expect(metadataOf(withRate(warm), 1)['ignoreNullValues']).toBe('false');
    expect(missedBy(withRate(warm), setting('ignoreNullValues', undefined, 1))).toEqual(['scaler-sees-absence']);
  });

  test('an authority without authModes is not read: every authentication comes with its mode', () => {
    expect(metadataOf(withRate(warm, 'Prometheus by a token'), 1)['authModes']).toBe('bearer');
    expect(missedBy(withRate(warm, 'Prometheus by a token'), setting('authModes', undefined, 1))).toEqual([
      'scaler-auth-modes',
    ]);
  });

  test('rejects an authentication with nothing but an authority, which KEDA has no mode for', () => {
    let error: unknown;
    try {
      scaledBy(warm, (chart) => ({
        backlog: jetStream(warm),
        arrivals: prometheusRate({
          server: Binding.of('https://prometheus.example.com'),
          query: 'up',
          ratePerReplica: workerOf(warm).ratePerReplica,
          access: { by: 'bearer', authentication: bySecret(chart, warm, 'prometheus', 'ca') },
        }),
      }));
    } catch (thrown) {
      error = thrown;
    }
    expect(ConstructError.is(error, 'reference-missing')).toBe(true);
    expect(String(error)).toContain('carries ca, expected bearerToken for Prometheus by bearer');
  });

  test("a series that goes with the last replica wakes nothing: the broker does, and the rate is the stream's own", () => {
    const manifests = scaledBy(zero, () => ({
      backlog: jetStream(zero),
      arrivals: prometheusRate({
        server: Binding.of('http://prometheus:9090'),
        query: jetStreamArrivals(nats, queueOf(zero)),
        ratePerReplica: workerOf(zero).ratePerReplica,
      }),
    }));
    expect(specOf(manifests).triggers.map(({ type }) => type)).toEqual(['nats-jetstream', 'prometheus']);
    expect(metadataOf(manifests, 1)['query']).toContain('jetstream_stream_last_seq{');
    const rateAlone = (spec: Spec): void => {
      spec.triggers.shift();
    };
    expect(missedBy(manifests, rateAlone)).toEqual(['scaler-sleeps']);
    expect(missedBy(manifests, setting('query', 'sum(rate(messaging_client_consumed_messages_total[2m]))', 1))).toEqual(
      ['scaler-sleeps'],
    );
  });
});

describe('on the way to nothing and back', () => {
  test('the first deployment does not go to zero before KEDA has looked: initialCooldownPeriod (5008)', () => {
    const { initialCooldownPeriod, cooldownPeriod } = specOf(backedBy('JetStream', zero));
    expect(initialCooldownPeriod).toBe(cooldownPeriod);
    const none = (spec: Spec): void => {
      delete spec.initialCooldownPeriod;
    };
    expect(missedBy(backedBy('JetStream', zero), none)).toEqual(['scaler-explicit']);
  });

  test('the cooldown outlasts the cold start: nothing is stopped while it loads', () => {
    const slow = topologyWith({ idle: 'scale-to-zero', coldStart: '3 minutes' });
    const manifests = backedBy('JetStream', slow);
    expect(specOf(manifests).cooldownPeriod).toBe(360);
    const hasty = (spec: Spec): void => {
      spec.cooldownPeriod = 100;
    };
    expect(missedBy(manifests, hasty)).toContain('scaler-outlasts-start');
  });

  test('from many to none takes as long as from many to one: KEDA does not ask the way down (7770)', () => {
    const { cooldownPeriod, advanced } = specOf(backedBy('JetStream', zero));
    const { stabilizationWindowSeconds } = advanced.horizontalPodAutoscalerConfig.behavior.scaleDown;
    expect(cooldownPeriod).toBe(stabilizationWindowSeconds);
    const early = (spec: Spec): void => {
      spec.cooldownPeriod = 120;
    };
    expect(missedBy(backedBy('JetStream', zero), early)).toEqual(['scaler-sleeps']);
  });

  test.each(Object.keys(BACKLOGS))('%s is no work only when not one item is left', (name) => {
    const manifests = backedBy(name, zero);
    const activations = specOf(manifests).triggers.map(({ metadata }) =>
      Object.entries(metadata).filter(([parameter]) => parameter.startsWith('activation')),
    );
    expect(activations.flat().map(([, value]) => value)).toEqual(activations.map(() => '0'));
    const [[parameter] = ['']] = activations[0] ?? [];
    expect(missedBy(manifests, setting(parameter, '5'))).toEqual(['scaler-sleeps']);
  });

  test('a floor other than none is not offered, since the autoscaler knows only 0 (2314)', () => {
    expect(specOf(backedBy('JetStream', zero))).not.toHaveProperty('idleReplicaCount');
    const floor = (spec: Spec): void => {
      spec.idleReplicaCount = 2;
    };
    expect(missedBy(backedBy('JetStream', zero), floor)).toEqual(['scaler-sleeps']);
  });
});

describe('at work', () => {
  test('a busy worker with nothing waiting is not idle: JetStream counts what is not acknowledged, after the work', () => {
    const chart = new Chart(new App(), 'queue', { namespace: 'jobs' });
    new JetStreamQueue(chart, 'jobs', { topology: warm, worker: workerOf(warm), nats, maxBytes: Bytes.parse('1 GiB') });
    const consumer = (chart.toJson() as Manifest[]).find(({ kind }) => kind === 'Consumer');
    expect(consumer?.['spec']).toMatchObject({ ackPolicy: 'explicit' });
  });

  test('a busy worker with nothing waiting is not idle: Kafka counts what is not committed, however long it takes', () => {
    const kafka = backedBy('Kafka by SCRAM');
    expect(metadataOf(kafka)).not.toHaveProperty('excludePersistentLag');
    expect(missedBy(kafka, setting('excludePersistentLag', 'true'))).toEqual(['scaler-counts-in-flight']);
  });

  test('a busy worker with nothing waiting is not idle: RabbitMQ is asked by HTTP, which knows what is unacknowledged', () => {
    const rabbit = backedBy('RabbitMQ');
    expect(metadataOf(rabbit)).toMatchObject({ protocol: 'http', mode: 'QueueLength' });
    expect(missedBy(rabbit, setting('protocol', 'amqp'))).toEqual(['scaler-counts-in-flight']);
    expect(missedBy(rabbit, setting('excludeUnacknowledged', 'true'))).toEqual(['scaler-counts-in-flight']);
  });

  test('a busy worker with nothing waiting is not idle: Redis is asked for both, since neither number has the other', () => {
    const redis = backedBy('Redis');
    expect(metadataOf(redis, 0)).toHaveProperty('lagCount');
    expect(metadataOf(redis, 1)).toHaveProperty('pendingEntriesCount');
    const waiting = (spec: Spec): void => {
      spec.triggers.pop();
    };
    expect(missedBy(redis, waiting)).toEqual(['scaler-counts-in-flight']);
  });

  test('replicas are never emitted, or every apply would undo the scaler', () => {
    const manifests = backedBy('JetStream');
    const deployment = manifests.find(({ kind }) => kind === 'Deployment') as Manifest;
    expect(deployment['spec']).not.toHaveProperty('replicas');
    const fixed = manifests.map((each) =>
      each === deployment ? { ...each, spec: { ...(each['spec'] as object), replicas: 3 } } : each,
    );
    expect(checkManifests(fixed).map(({ policy }) => policy)).toEqual(['replicas-one-owner']);
  });
});

describe('with work too long to interrupt', () => {
  interface JobSpec {
    rollout: { strategy: string };
    scalingStrategy: { strategy?: string; multipleScalersCalculation?: string };
    jobTargetRef: { template: { metadata: { annotations: Record<string, string> } } };
    triggers: object[];
    fallback?: object;
  }
  const jobSpecOf = (manifests: readonly Manifest[]): JobSpec =>
    manifests.find(({ kind }) => kind === 'ScaledJob')?.['spec'] as JobSpec;

  function jobsMissedBy(manifests: readonly Manifest[], change: (spec: JobSpec) => void): readonly string[] {
    expect(checkManifests(manifests)).toEqual([]);
    const copy = structuredClone(manifests) as Manifest[];
    change(jobSpecOf(copy));
    return checkManifests(copy).map(({ policy }) => policy);
  }

  test('a long job is not killed by a scale-down, since there is none, nor by who tidies up nodes (2901, 3674)', () => {
    const { annotations } = jobSpecOf(jobsBy('JetStream')).jobTargetRef.template.metadata;
    expect(annotations).toMatchObject({
      'karpenter.sh/do-not-disrupt': 'true',
      'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false',
    });
  });

  test('a changed manifest leaves the jobs that run: rollout gradual (1021, 6440)', () => {
    expect(jobSpecOf(jobsBy('JetStream')).rollout).toEqual({ strategy: 'gradual' });
    const immediate = (spec: JobSpec): void => {
      spec.rollout.strategy = 'immediate';
    };
    expect(jobsMissedBy(jobsBy('JetStream'), immediate)).toEqual(['scaled-job-kept']);
  });

  test('an item in work has one job: those that run are taken off a backlog that counts what is in work', () => {
    // Left out, it is KEDA's default; 2.20.1 refuses the word.
    expect(jobSpecOf(jobsBy('JetStream')).scalingStrategy).not.toHaveProperty('strategy');
    for (const strategy of ['accurate', 'eager']) {
      const twice = (spec: JobSpec): void => {
        spec.scalingStrategy.strategy = strategy;
      };
      expect(jobsMissedBy(jobsBy('JetStream'), twice)).toEqual(['scaled-job-kept']);
    }
  });

  test('both numbers of Redis make one backlog: their sum', () => {
    expect(jobSpecOf(jobsBy('Redis')).scalingStrategy).toEqual({ multipleScalersCalculation: 'sum' });
    const larger = (spec: JobSpec): void => {
      delete spec.scalingStrategy.multipleScalersCalculation;
    };
    expect(jobsMissedBy(jobsBy('Redis'), larger)).toEqual(['scaled-job-kept']);
  });

  test('a job has neither a fallback nor a metric type, which only a ScaledObject has', () => {
    expect(jobSpecOf(jobsBy('JetStream'))).not.toHaveProperty('fallback');
    expect(jobSpecOf(jobsBy('JetStream')).triggers.filter((trigger) => 'metricType' in trigger)).toEqual([]);
  });
});

describe('with two signals', () => {
  test('a blind one holds the way down and stops nothing, since both fall back to what runs', () => {
    const { fallback, triggers } = specOf(withRate(warm));
    expect(triggers).toHaveLength(2);
    expect(fallback).toMatchObject({ failureThreshold: 3, behavior: 'currentReplicasIfHigher' });
  });

  test('the rate alone keeps nothing awake: below what one replica carries it is silent', () => {
    const { threshold, activationThreshold } = metadataOf(withRate(zero), 1);
    expect(activationThreshold).toBe(threshold);
  });
});
