import {
  describeAccelerator,
  engineAlerts,
  fingerprintOf,
  type InferenceRuntime,
  queueAlerts,
  type ResolvedObjective,
  type Topology,
} from '@penstock/model';
import type { DashboardSpec, Panel, Row } from './dashboard.ts';
import type { WatchedEngine } from './engine-rules.ts';
import { lateRatio } from './objective-rules.ts';
import {
  ENGINE_METRICS,
  GPU_METRICS,
  meanPerPod,
  prometheusDuration,
  rate,
  ratePerPod,
  series,
  WORKER_METRICS,
} from './promql.ts';
import { ageOf, lagOf, throughputOf, type WatchedQueue } from './queue-rules.ts';

/** Grafana's own: at least four scrapes. */
const RATE_INTERVAL = '$__rate_interval';

/** One dashboard a platform: a row for every queue and every engine, with the limits that its alerts look at. */
export function platformDashboard(
  topology: Topology,
  namespace: string,
  queues: readonly WatchedQueue[],
  engines: readonly WatchedEngine[],
): DashboardSpec {
  const objectives = Object.values(topology.objectives);
  return {
    title: `${topology.name} (${namespace})`,
    uid: `penstock-${fingerprintOf([namespace, topology.name])}`,
    tags: ['penstock', topology.name],
    rows: [
      ...queues.map((queue) =>
        queueRow(
          queue,
          objectives.filter((objective) => objective.queue === queue.queue.id),
        ),
      ),
      ...engines.map(engineRow),
    ],
  };
}

function queueRow(watched: WatchedQueue, objectives: readonly ResolvedObjective[]): Row {
  const { namespace, queue, worker } = watched;
  const of = { namespace, messaging_destination_name: queue.id };
  const limits = queueAlerts(queue, worker);
  const quantile = (metric: string, q: number): string =>
    `histogram_quantile(${q}, sum by (le) (${rate(series(`${metric}_bucket`, of), RATE_INTERVAL)}))`;
  const quantiles = (metric: string) => [0.5, 0.99].map((q) => ({ expr: quantile(metric, q), legend: `p${q * 100}` }));
  return {
    title: `Queue ${queue.id}: ${queue.arrivalRate}, done within ${queue.doneWithin}`,
    panels: [
      ...objectives.map((objective): Panel => {
        const windows = [...new Set(objective.alerts.map(({ longWindow }) => prometheusDuration(longWindow)))];
        return {
          title: `Are items late? ${objective.target} in time over ${objective.window}`,
          unit: 'percentunit',
          queries: windows.map((window) => ({
            expr: series(lateRatio(window), { namespace, objective: objective.id }),
            legend: `late over ${window}`,
          })),
          limit: objective.errorBudget,
        };
      }),
      {
        title: 'How long from publish to effect?',
        unit: 's',
        queries: quantiles(WORKER_METRICS.latency),
        limit: queue.doneWithin.inSeconds,
      },
      {
        title: 'How long will it take what arrives now?',
        unit: 's',
        queries: [{ expr: ageOf(watched), legend: 'lag by throughput' }],
        limit: limits.ageLimit.inSeconds,
      },
      {
        title: 'How much work is open?',
        unit: 'short',
        queries: [{ expr: lagOf(watched), legend: 'waiting and in work' }],
        limit: limits.lagLimit,
      },
      { title: 'How much gets done?', unit: 'reqps', queries: [{ expr: throughputOf(watched), legend: 'items/s' }] },
      {
        title: 'What becomes of deliveries?',
        unit: 'reqps',
        queries: [
          {
            expr: `sum by (outcome) (${rate(series(WORKER_METRICS.consumed, of), RATE_INTERVAL)})`,
            legend: '{{outcome}}',
          },
        ],
      },
      {
        title: 'How long is one attempt?',
        unit: 's',
        queries: quantiles(WORKER_METRICS.attempt),
        limit: worker.workTime.p99.inSeconds,
      },
      {
        title: 'What was given up?',
        unit: 'short',
        queries: [
          { expr: `max(${series(WORKER_METRICS.depth, { ...of, state: 'deadLettered' })})`, legend: 'dead letters' },
        ],
      },
      {
        title: 'How many replicas report?',
        unit: 'short',
        queries: [{ expr: `count(count by (pod) (${series(WORKER_METRICS.depth, of)}))`, legend: 'replicas' }],
        limit: worker.maxReplicas,
      },
    ],
  };
}

function engineRow({ namespace, engine }: WatchedEngine): Row {
  const of = { namespace, app_kubernetes_io_name: engine.id };
  const limits = engineAlerts(engine);
  const up: Panel = {
    title: 'How many replicas answer?',
    unit: 'short',
    queries: [{ expr: `sum(${series('up', of)})`, legend: 'replicas' }],
    limit: engine.replicas,
  };
  const perPod = (expr: string) => [{ expr, legend: '{{pod}}' }];
  const perSecond = (metric: string): string => ratePerPod(metric, of, RATE_INTERVAL);
  const mean = (metric: string): string => meanPerPod(metric, of, RATE_INTERVAL);
  const panels: Readonly<Record<InferenceRuntime, () => readonly Panel[]>> = {
    penstock: () => [
      {
        title: 'How many tokens wait?',
        unit: 'short',
        queries: perPod(`max by (pod) (${series(ENGINE_METRICS.queueTokens, of)})`),
        limit: limits.queueLimit,
      },
      {
        title: 'How many tokens a second?',
        unit: 'short',
        queries: perPod(perSecond(`${ENGINE_METRICS.batchTokens}_sum`)),
        limit: limits.tokenRateFloor,
      },
      {
        title: 'How long is a batch?',
        unit: 's',
        queries: perPod(mean(ENGINE_METRICS.batchSeconds)),
        limit: limits.batchLimit.inSeconds,
      },
      {
        title: 'How busy is a replica?',
        unit: 'percentunit',
        queries: perPod(perSecond(`${ENGINE_METRICS.batchSeconds}_sum`)),
        limit: limits.busyShare,
      },
      {
        title: 'How many texts ride in a batch?',
        unit: 'short',
        queries: perPod(mean(ENGINE_METRICS.batchSize)),
      },
      {
        title: 'How much is computed for nothing? Tokens with padding by tokens of text',
        unit: 'none',
        queries: perPod(mean(ENGINE_METRICS.paddingRatio)),
      },
    ],
    vllm: () => [
      {
        title: 'How long to the first token? p99',
        unit: 's',
        queries: perPod(
          `histogram_quantile(0.99, sum by (pod, le) (${rate(series('vllm:time_to_first_token_seconds_bucket', of), RATE_INTERVAL)}))`,
        ),
        limit: limits.firstTokenLimit.inSeconds,
      },
      {
        title: 'How many requests wait?',
        unit: 'short',
        queries: perPod(`max by (pod) (${series('vllm:num_requests_waiting', of)})`),
      },
      {
        title: 'How many tokens a second?',
        unit: 'short',
        queries: perPod(`${perSecond('vllm:prompt_tokens_total')} + ${perSecond('vllm:generation_tokens_total')}`),
        limit: limits.tokenRateFloor,
      },
      {
        title: 'How full is the key-value cache?',
        unit: 'percentunit',
        queries: perPod(`max by (pod) (${series('vllm:kv_cache_usage_perc', of)})`),
      },
    ],
    'text-embeddings-inference': () => [
      {
        title: 'How many requests wait?',
        unit: 'short',
        queries: perPod(`max by (pod) (${series('te_queue_size', of)})`),
      },
      {
        title: 'How many tokens a second?',
        unit: 'short',
        queries: perPod(perSecond('te_batch_next_tokens_sum')),
        limit: limits.tokenRateFloor,
      },
    ],
    triton: () => [
      {
        title: 'How many requests wait?',
        unit: 'short',
        queries: perPod(`sum by (pod) (${series('nv_inference_pending_request_count', of)})`),
      },
      {
        title: 'How many requests a second?',
        unit: 'reqps',
        queries: perPod(perSecond('nv_inference_request_success')),
      },
    ],
  };
  const device = { namespace, pod: new RegExp(`${engine.name}-.*`) };
  const gpu: readonly Panel[] = [
    {
      title: 'How full is the memory of the GPUs?',
      unit: 'percentunit',
      queries: [
        {
          expr: `${series(GPU_METRICS.memoryUsed, device)} / (${series(GPU_METRICS.memoryUsed, device)} + ${series(GPU_METRICS.memoryFree, device)})`,
          legend: '{{pod}} {{gpu}}',
        },
      ],
    },
    {
      title: 'How busy are the GPUs?',
      unit: 'percentunit',
      queries: [{ expr: `${series(GPU_METRICS.utilisation, device)} / 100`, legend: '{{pod}} {{gpu}}' }],
    },
  ];
  return {
    title: `Engine ${engine.id}: ${engine.model.id} on ${describeAccelerator(engine.accelerator)}`,
    panels: [up, ...panels[engine.service.runtime](), ...(engine.accelerator === 'cpu' ? [] : gpu)],
  };
}
