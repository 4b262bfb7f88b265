import { mailClassifier } from '@penstock/mail-classifier/service';
import { defineTopology, vllm } from '@penstock/model';
import type { WatchedService } from '../../../constructs/aws/alarm.ts';
import { modelAlarms } from '../../../constructs/aws/alarms/bedrock.ts';
import { eksAlarms } from '../../../constructs/aws/alarms/eks.ts';
import { kafkaAlarms } from '../../../constructs/aws/alarms/kafka.ts';
import { postgresAlarms } from '../../../constructs/aws/alarms/postgres.ts';
import { prometheusAlarms } from '../../../constructs/aws/alarms/prometheus.ts';
import { rabbitMqAlarms } from '../../../constructs/aws/alarms/rabbitmq.ts';
import { endpointAlarms } from '../../../constructs/aws/alarms/sagemaker.ts';
import { valkeyAlarms } from '../../../constructs/aws/alarms/valkey.ts';

export const topology = defineTopology({
  name: 'shop',
  queues: { mails: { arrivalRate: '10/s', peakRate: '28/s', doneWithin: '2 minutes' } },
  workers: {
    classify: {
      service: mailClassifier,
      queue: 'mails',
      workTime: { mean: '500 milliseconds', p99: '20 seconds' },
      calls: { embedder: { engine: 'writer' } },
    },
  },
  topics: {
    orders: {
      arrivalRate: '100/s',
      itemSize: '2 KiB',
      consumers: { billing: { workTime: { mean: '20 milliseconds', p99: '1 second' } } },
    },
  },
  engines: {
    writer: {
      service: vllm,
      task: 'generation',
      accelerator: 'l4',
      model: { id: 'writer-8b', revision: '2026-08-01', weights: '8 GB', maxTokens: 4096, cachePerToken: '128 KiB' },
      tokenRate: '2000/s',
      tokensPerRequest: 500,
      doneWithin: '20 seconds',
      loadTime: '2 minutes',
      resources: { cpu: 2, memory: '12 GiB' },
    },
  },
});

const { writer } = topology.engines;
const shop = { name: 'shop-prod', topology } as const;

/** One of everything that Amazon can run for a platform. */
export const EVERYTHING: readonly WatchedService[] = [
  kafkaAlarms({ ...shop, kind: 'provisioned' }),
  postgresAlarms({ ...shop, capacity: { kind: 'serverless', minimumUnits: 0.5, maximumUnits: 8 }, readers: 1 }),
  valkeyAlarms({ ...shop, kind: { kind: 'nodes', node: 'cache.r7g.large', shards: 2 } }),
  {
    ...valkeyAlarms({ ...shop, name: 'shop-fast', kind: { kind: 'serverless', maximumGigabytes: 1, maximumUnits: 9 } }),
    id: 'fast',
  },
  rabbitMqAlarms(shop),
  eksAlarms(shop),
  endpointAlarms({ name: 'shop-writer', engine: writer, serving: 'real-time' }),
  { ...endpointAlarms({ name: 'shop-batch', engine: writer, serving: 'asynchronous' }), id: 'endpoint-batch' },
  modelAlarms({ engine: writer, asked: 'eu.writer-v1:0' }),
  prometheusAlarms('shop-prod', 'ws-1'),
];
