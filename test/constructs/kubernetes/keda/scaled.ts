import { mailClassifier } from '@penstock/mail-classifier/service';
import { Bytes, Duration, defineTopology, Rate, type Topology, type WorkerSpec } from '@penstock/model';
import { App, Chart } from 'cdk8s';
import { Binding } from '../../../../constructs/binding.ts';
import {
  type ArrivalRate,
  type Backlog,
  EffectVolume,
  ImageReference,
  JobAutoscaler,
  type JobAutoscalerProps,
  jetStreamLag,
  jobsArrivals,
  jobsBacklog,
  kafkaLag,
  NatsService,
  postgresRows,
  prometheusRate,
  QueueAutoscaler,
  rabbitMqLength,
  redisStreamLag,
  TriggerAuthentication,
  Worker,
} from '../../../../constructs/kubernetes/index.ts';
import type { TriggerCredential, TriggerType } from '../../../../constructs/kubernetes/keda/generated-triggers.ts';
import type { Manifest } from '../../../../constructs/policies/index.ts';

export const nats = new NatsService({ namespace: 'nats', replicas: 3, syncInterval: 'periodic' });

export function topologyWith(worker: Partial<WorkerSpec<'jobs', never>> = {}): Topology {
  const spec = {
    service: { ...mailClassifier, calls: [] },
    queue: 'jobs',
    workTime: { mean: '200 milliseconds', p99: '1 second' },
    ...worker,
  } as WorkerSpec<'jobs', never>;
  return defineTopology({
    name: 'scale',
    queues: { jobs: { arrivalRate: '20/s', peakRate: '200/s', doneWithin: '5 minutes' } },
    workers: { run: spec },
  });
}

export const warm = topologyWith();
export const zero = topologyWith({ idle: 'scale-to-zero' });

export const workerOf = (topology: Topology) => topology.workers['run'] as Topology['workers'][string];
export const queueOf = (topology: Topology) => topology.queues['jobs'] as Topology['queues'][string];

interface Signals {
  readonly backlog: Backlog;
  readonly arrivals?: ArrivalRate;
}

/** What a worker of the topology is made of, in a chart. */
function workerIn(chart: Chart, topology: Topology) {
  const context = {
    topology,
    workload: workerOf(topology),
    image: ImageReference.parse('registry.example.com/penstock/mail-classifier:0.1.0'),
  };
  const effects = new EffectVolume(chart, 'effects', {
    context,
    storageClass: 'standard',
    size: Bytes.parse('10 GiB'),
  });
  return { context, bus: nats.clientUrl, effects, engines: {} };
}

/** What is synthesized for a worker that is scaled by the signals that `signalsOf` makes. */
export function scaledBy(topology: Topology, signalsOf: (chart: Chart) => Signals): readonly Manifest[] {
  const chart = new Chart(new App(), 'chart', { namespace: 'jobs' });
  const worker = new Worker(chart, 'run', workerIn(chart, topology));
  new QueueAutoscaler(chart, 'scaler', { worker, ...signalsOf(chart) });
  return chart.toJson() as Manifest[];
}

/** What is synthesized for a worker that runs as jobs. */
export function jobsBy(
  name: keyof typeof BACKLOGS,
  change: Partial<JobAutoscalerProps> = {},
  topology: Topology = warm,
): readonly Manifest[] {
  const chart = new Chart(new App(), 'chart', { namespace: 'jobs' });
  new JobAutoscaler(chart, 'run', {
    ...workerIn(chart, topology),
    backlog: (BACKLOGS[name] as (typeof BACKLOGS)[string])(chart, topology),
    deadline: Duration.parse('6 hours'),
    ...change,
  });
  return chart.toJson() as Manifest[];
}

/** Authentication from a Secret that has a key of the same name for each parameter. */
export function bySecret<T extends Exclude<TriggerType, 'nats-jetstream'>>(
  chart: Chart,
  topology: Topology,
  trigger: T,
  ...parameters: readonly TriggerCredential[T][]
): TriggerAuthentication<T> {
  const keys = Object.fromEntries(parameters.map((name) => [name, { secret: `scale-${trigger}`, key: name }]));
  return new TriggerAuthentication<TriggerType>(chart, `${trigger}-authentication`, {
    topology,
    name: trigger,
    trigger,
    credentials: { from: 'secrets', parameters: keys },
  }) as unknown as TriggerAuthentication<T>;
}

export const jetStream = (topology: Topology): Backlog => jetStreamLag(nats, queueOf(topology), workerOf(topology));

const brokers = {
  bootstrapServers: Binding.of('backbone-kafka-bootstrap.events.svc.cluster.local:9093'),
  version: '4.1.0',
};
const group = { topic: { name: 'shop.orders' }, consumerGroup: 'billing', lagThreshold: 40 };

/** Every source of a backlog in every way KEDA can be let in. */
export const BACKLOGS: Readonly<Record<string, (chart: Chart, topology: Topology) => Backlog>> = {
  JetStream: (_chart, topology) => jetStream(topology),
  'Kafka by a certificate': (chart, topology) =>
    kafkaLag({
      ...group,
      brokers: {
        ...brokers,
        access: { by: 'certificate', authentication: bySecret(chart, topology, 'kafka', 'ca', 'cert', 'key') },
      },
    }),
  'Kafka by SCRAM': (chart, topology) =>
    kafkaLag({
      ...group,
      brokers: {
        ...brokers,
        access: {
          by: 'scram-sha-512',
          authentication: bySecret(chart, topology, 'kafka', 'ca', 'username', 'password'),
        },
      },
    }),
  'Kafka by IAM': (chart, topology) =>
    kafkaLag({
      ...group,
      brokers: {
        ...brokers,
        access: {
          by: 'aws-iam',
          region: Binding.of('eu-central-1'),
          authentication: new TriggerAuthentication(chart, 'msk', {
            topology,
            name: 'msk',
            trigger: 'kafka',
            credentials: {
              from: 'pod-identity',
              identity: { provider: 'aws', as: { role: Binding.of('arn:aws:iam::111122223333:role/keda-lag') } },
            },
          }),
        },
      },
    }),
  RabbitMQ: (chart, topology) =>
    rabbitMqLength({
      management: Binding.of('http://rabbit.rabbit.svc.cluster.local:15672'),
      virtualHost: 'shop',
      queue: 'orders',
      lagThreshold: 40,
      authentication: bySecret(chart, topology, 'rabbitmq', 'username', 'password'),
    }),
  Redis: (chart, topology) =>
    redisStreamLag({
      address: Binding.of('valkey.cache.svc.cluster.local:6379'),
      stream: 'orders',
      consumerGroup: 'billing',
      lagThreshold: 40,
      authentication: bySecret(chart, topology, 'redis-streams', 'username', 'password', 'ca'),
    }),
  'a task queue': (_chart, topology) => jobsBacklog(jobs(topology)),
  PostgreSQL: (chart, topology) =>
    postgresRows({
      database: {
        host: Binding.of('orders-rw.data.svc.cluster.local'),
        port: Binding.of(5432),
        name: 'orders',
        user: 'keda',
        verify: false,
      },
      query: "SELECT count(*) FROM jobs WHERE state IN ('waiting', 'taken')",
      lagThreshold: 40,
      authentication: bySecret(chart, topology, 'postgresql', 'password'),
    }),
};

const jobs = (topology: Topology) => ({
  server: Binding.of('http://prometheus-operated.monitoring.svc.cluster.local:9090'),
  namespace: 'shop',
  queue: 'jobs',
  worker: workerOf(topology),
});

const rate = {
  server: Binding.of('http://prometheus-operated.monitoring.svc.cluster.local:9090'),
  query: 'max(rate(jetstream_stream_last_seq{stream_name="SCALE_JOBS"}[2m]))',
  ratePerReplica: Rate.perSecond(22.4),
};

/** A rate of arrival in every way KEDA can be let in. */
export const ARRIVALS: Readonly<Record<string, (chart: Chart, topology: Topology) => ArrivalRate>> = {
  'an open Prometheus': () => prometheusRate(rate),
  'a task queue': (_chart, topology) => jobsArrivals(jobs(topology)),
  'Prometheus by a token': (chart, topology) =>
    prometheusRate({
      ...rate,
      access: { by: 'bearer', authentication: bySecret(chart, topology, 'prometheus', 'bearerToken', 'ca') },
    }),
  'Prometheus by a password': (chart, topology) =>
    prometheusRate({
      ...rate,
      access: { by: 'basic', authentication: bySecret(chart, topology, 'prometheus', 'username', 'password') },
    }),
  'Prometheus by a certificate': (chart, topology) =>
    prometheusRate({
      ...rate,
      access: { by: 'certificate', authentication: bySecret(chart, topology, 'prometheus', 'cert', 'key', 'ca') },
    }),
  'Amazon Managed Prometheus': (chart, topology) =>
    prometheusRate({
      ...rate,
      access: {
        by: 'pod-identity',
        region: Binding.of('eu-central-1'),
        authentication: new TriggerAuthentication(chart, 'amp', {
          topology,
          name: 'amp',
          trigger: 'prometheus',
          credentials: { from: 'pod-identity', identity: { provider: 'aws', as: 'workload' } },
        }),
      },
    }),
  'Google Managed Prometheus': (chart, topology) =>
    prometheusRate({
      ...rate,
      access: {
        by: 'pod-identity',
        authentication: new TriggerAuthentication(chart, 'gmp', {
          topology,
          name: 'gmp',
          trigger: 'prometheus',
          credentials: { from: 'pod-identity', identity: { provider: 'gcp' } },
        }),
      },
    }),
};
