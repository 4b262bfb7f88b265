import { describe, expect, test } from '@jest/globals';
import { NO_MEMORY, type ResolvedWorker, type ScalerMemory, scale, scalingSignals } from '@penstock/model';
import fc from 'fast-check';
import { Binding } from '../../../../constructs/binding.ts';
import { jetStreamArrivals, prometheusRate } from '../../../../constructs/kubernetes/index.ts';
import { jetStream, nats, queueOf, scaledBy, topologyWith, workerOf } from './scaled.ts';

// The manifest, read as Kubernetes 1.34 and KEDA 2.18 read it, against the model's function that scales processes on one
// machine. The reading is written from their sources (replica_calculator.go, horizontal.go, scale_scaledobjects.go) and
// knows nothing of the model.

interface Spec {
  readonly minReplicaCount: number;
  readonly maxReplicaCount: number;
  readonly cooldownPeriod?: number;
  readonly advanced: {
    readonly horizontalPodAutoscalerConfig: {
      readonly behavior: Readonly<Record<'scaleUp' | 'scaleDown', Rules>>;
    };
  };
  readonly triggers: readonly { readonly type: string; readonly metadata: Readonly<Record<string, string>> }[];
}

interface Rules {
  readonly stabilizationWindowSeconds: number;
  readonly policies: readonly { readonly type: string; readonly value: number; readonly periodSeconds: number }[];
}

interface Event {
  readonly second: number;
  readonly count: number;
}

/** One look at what is there: undefined is a source that does not answer. */
type Values = readonly (number | undefined)[];

class Cluster {
  replicas: number;
  readonly #spec: Spec;
  #recommended: Event[] | undefined;
  #ups: Event[] = [];
  #downs: Event[] = [];
  #activeAt: number | undefined;

  constructor(spec: Spec, replicas: number) {
    this.#spec = spec;
    this.replicas = replicas;
  }

  look(second: number, values: Values): number {
    this.replicas = this.#next(second, values);
    return this.replicas;
  }

  #next(second: number, values: Values): number {
    const { minReplicaCount, cooldownPeriod = 0 } = this.#spec;
    const active = values.some((value, n) => value !== undefined && value > this.#activation(n));
    this.#activeAt = active ? second : (this.#activeAt ?? second);
    this.#recommended ??= [{ second, count: this.replicas }];
    if (minReplicaCount === 0) {
      const failed = values.includes(undefined);
      if (this.replicas === 0) return active ? 1 : 0;
      if (!active && !failed && second - this.#activeAt >= cooldownPeriod) return 0;
    }
    const desired = this.#desired(second, values);
    if (desired > this.replicas) this.#ups.push({ second, count: desired - this.replicas });
    if (desired < this.replicas) this.#downs.push({ second, count: this.replicas - desired });
    return desired;
  }

  #desired(second: number, values: Values): number {
    const max = this.#spec.maxReplicaCount;
    const min = Math.max(1, this.#spec.minReplicaCount);
    const current = this.replicas;
    if (current > max) return max;
    if (current < min) return min;
    const proposals: number[] = [];
    values.forEach((value, n) => {
      if (value === undefined) return;
      const usage = Math.trunc(value * 1_000);
      const target = Math.trunc(this.#target(n) * 1_000);
      const ratio = usage / (target * current);
      proposals.push(ratio >= 0.9 && ratio <= 1.1 ? current : Math.ceil(usage / target));
    });
    if (proposals.length === 0) return current;
    const wanted = Math.max(...proposals);
    if (proposals.length < values.length && wanted < current) return current;
    const { scaleUp, scaleDown } = this.#spec.advanced.horizontalPodAutoscalerConfig.behavior;
    const recommended = this.#recommended as Event[];
    let lowest = wanted;
    let highest = wanted;
    for (const { second: at, count } of recommended) {
      if (at > second - scaleUp.stabilizationWindowSeconds) lowest = Math.min(lowest, count);
      if (at > second - scaleDown.stabilizationWindowSeconds) highest = Math.max(highest, count);
    }
    recommended.push({ second, count: wanted });
    let stable = current;
    if (stable < lowest) stable = lowest;
    if (stable > highest) stable = highest;
    const changed = (events: readonly Event[], period: number): number =>
      events.reduce((sum, { second: at, count }) => (at > second - period ? sum + count : sum), 0);
    if (stable > current) {
      const limits = scaleUp.policies.map(({ type, value, periodSeconds }) => {
        const start = current - changed(this.#ups, periodSeconds) + changed(this.#downs, periodSeconds);
        return type === 'Pods' ? start + value : Math.ceil(start * (1 + value / 100));
      });
      return Math.min(stable, max, Math.max(current, ...limits));
    }
    if (stable < current) {
      const limits = scaleDown.policies.map(({ type, value, periodSeconds }) => {
        const start = current - changed(this.#ups, periodSeconds) + changed(this.#downs, periodSeconds);
        return type === 'Pods' ? start - value : Math.trunc(start * (1 - value / 100));
      });
      return Math.max(stable, min, Math.min(current, ...limits));
    }
    return stable;
  }

  #target(n: number): number {
    const { metadata } = this.#spec.triggers[n] as Spec['triggers'][number];
    return Number(metadata['lagThreshold'] ?? metadata['threshold']);
  }

  #activation(n: number): number {
    const { metadata } = this.#spec.triggers[n] as Spec['triggers'][number];
    return Number(metadata['activationLagThreshold'] ?? metadata['activationThreshold']);
  }
}

const platforms = {
  'kept warm': topologyWith({ coldStart: '10 seconds', itemsAtOnce: 2 }),
  'asleep without work': topologyWith({ idle: 'scale-to-zero' }),
  'with a pinned cooldown': topologyWith({ coldStart: '5 seconds', pinned: { cooldown: '37.5 seconds' } }),
};

describe.each(Object.entries(platforms))('a worker %s', (_name, topology) => {
  const worker: ResolvedWorker = workerOf(topology);
  const scaled = scaledBy(topology, () => ({
    backlog: jetStream(topology),
    arrivals: prometheusRate({
      server: Binding.of('http://prometheus:9090'),
      query: jetStreamArrivals(nats, queueOf(topology)),
      ratePerReplica: worker.ratePerReplica,
    }),
  })).find(({ kind }) => kind === 'ScaledObject');
  const spec = scaled?.['spec'] as Spec;
  const most = worker.maxReplicas;

  test('gets the replicas on one machine that KEDA and the autoscaler give it in a cluster, look by look', () => {
    const value = (target: number) =>
      fc.oneof(
        { arbitrary: fc.constant(0), weight: 3 },
        { arbitrary: fc.constant(undefined), weight: 1 },
        { arbitrary: fc.integer({ min: 0, max: Math.ceil(target * (most + 2)) }), weight: 6 },
        { arbitrary: fc.double({ min: 0, max: target * (most + 2), noNaN: true }), weight: 2 },
      );
    const look = fc.record({
      after: fc.oneof(fc.constant(15), fc.integer({ min: 1, max: 20 }), fc.integer({ min: 30, max: 400 })),
      backlog: value(worker.lagThreshold),
      arrivalRate: value(worker.ratePerReplica.perSecond),
    });
    let changes = 0;
    fc.assert(
      fc.property(
        fc.array(look, { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 0, max: most + 2 }),
        (looks, start) => {
          const cluster = new Cluster(spec, start === 0 && worker.minReplicas > 0 ? 1 : start);
          let { replicas } = cluster;
          let memory: ScalerMemory = NO_MEMORY;
          let second = 0;
          for (const { after, backlog, arrivalRate } of looks) {
            second += after;
            const signals = scalingSignals(worker, { backlog, arrivalRate });
            const before = replicas;
            ({ replicas, memory } = scale(worker, { now: second * 1_000, replicas, signals }, memory));
            if (before !== replicas) changes += 1;
            expect(cluster.look(second, [backlog, arrivalRate])).toBe(replicas);
          }
        },
      ),
      { numRuns: 200 },
    );
    // A comparison of two that never move would prove nothing.
    expect(changes).toBeGreaterThan(200);
  });
});
