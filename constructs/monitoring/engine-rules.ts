import {
  Duration,
  type EngineAlerts,
  engineAlerts,
  type InferenceRuntime,
  type ResolvedInferenceEngine,
} from '@penstock/model';
import type { AlertProps } from './alert.ts';
import { ENGINE_METRICS, GPU_METRICS, meanPerPod, rate, ratePerPod, series } from './promql.ts';

export interface WatchedEngine {
  readonly namespace: string;
  readonly engine: ResolvedInferenceEngine;
}

const WINDOW = '5m';
const HOLDS = Duration.parse('10 minutes');
/** Of device memory or key-value cache: beyond it the next longer request evicts another one or fails. */
const FULL_SHARE = 0.95;

type Signal = Pick<AlertProps, 'name' | 'expr' | 'summary' | 'description'>;

/** Alerts of one engine, by what its runtime can say. All look at one replica: an average hides the one that is stuck. */
export function engineAlertRules(watched: WatchedEngine): readonly AlertProps[] {
  const { namespace, engine } = watched;
  const limits = engineAlerts(engine);
  const labels = { namespace, engine: engine.id };
  return [
    {
      name: 'PenstockEngineMissing',
      expr: `(sum(${series('up', ofEngine(watched))}) or vector(0)) < ${limits.replicas}`,
      holds: limits.missingFor,
      severity: 'page',
      labels,
      summary: `${engine.id}: a replica is missing`,
      description: `{{ $value }} of ${limits.replicas} replicas answer; all of them are needed for ${engine.peakRequests} requests a second.`,
    },
    ...SIGNALS[engine.service.runtime](watched, limits).map((signal) => ({
      ...signal,
      holds: HOLDS,
      severity: 'page' as const,
      labels,
    })),
    ...(engine.accelerator === 'cpu' ? [] : gpuAlerts(watched)),
  ];
}

/** Labels of every sample of an engine; the monitor copies the name of the pod's workload. */
const ofEngine = ({ namespace, engine }: WatchedEngine) => ({ namespace, app_kubernetes_io_name: engine.id });

const SIGNALS: Readonly<Record<InferenceRuntime, (watched: WatchedEngine, limits: EngineAlerts) => readonly Signal[]>> =
  {
    penstock(watched, limits) {
      const of = ofEngine(watched);
      const busy = ratePerPod(`${ENGINE_METRICS.batchSeconds}_sum`, of, WINDOW);
      const tokens = ratePerPod(`${ENGINE_METRICS.batchTokens}_sum`, of, WINDOW);
      return [
        waiting(
          watched,
          `max by (pod) (${series(ENGINE_METRICS.queueTokens, of)}) > ${limits.queueLimit}`,
          `{{ $value }} tokens wait; from ${watched.engine.maxQueueTokens} on requests are refused.`,
        ),
        {
          name: 'PenstockEngineBatchSlow',
          expr: `${meanPerPod(ENGINE_METRICS.batchSeconds, of, WINDOW)} > ${limits.batchLimit.inSeconds}`,
          summary: `${watched.engine.id}: a batch takes too long for the promise`,
          description: `A batch takes {{ $value | humanizeDuration }} on average in {{ $labels.pod }}; a request waits for one and rides in the next, and is promised within ${watched.engine.doneWithin}.`,
        },
        // While it computes and only when it is loaded: small batches of quiet hours are slow by their nature.
        tokensSlow(watched, limits, `${tokens} / ${busy} < ${limits.tokenRateFloor} and ${busy} > ${limits.busyShare}`),
      ];
    },
    vllm(watched, limits) {
      const of = ofEngine(watched);
      const tokens = `${ratePerPod('vllm:prompt_tokens_total', of, WINDOW)} + ${ratePerPod('vllm:generation_tokens_total', of, WINDOW)}`;
      const queued = `max by (pod) (${series('vllm:num_requests_waiting', of)})`;
      return [
        waited(watched, limits, meanPerPod('vllm:request_queue_time_seconds', of, WINDOW)),
        tokensSlow(watched, limits, `${tokens} < ${limits.tokenRateFloor} and ${queued} > 0`),
        {
          name: 'PenstockEngineFirstTokenSlow',
          expr: `histogram_quantile(0.99, sum by (pod, le) (${rate(series('vllm:time_to_first_token_seconds_bucket', of), WINDOW)})) > ${limits.firstTokenLimit.inSeconds}`,
          summary: `${watched.engine.id}: the first token comes too late`,
          description: `One in a hundred requests waits {{ $value | humanizeDuration }} for its first token in {{ $labels.pod }}; the whole answer is promised within ${watched.engine.doneWithin}.`,
        },
        {
          name: 'PenstockEngineCacheFull',
          expr: `max by (pod) (${series('vllm:kv_cache_usage_perc', of)}) > ${FULL_SHARE}`,
          summary: `${watched.engine.id}: the key-value cache is full`,
          description:
            '{{ $value | humanizePercentage }} of the key-value cache of {{ $labels.pod }} are taken: requests are preempted and computed again.',
        },
      ];
    },
    'text-embeddings-inference'(watched, limits) {
      const of = ofEngine(watched);
      const tokens = ratePerPod('te_batch_next_tokens_sum', of, WINDOW);
      return [
        waited(watched, limits, meanPerPod('te_request_queue_duration', of, WINDOW)),
        tokensSlow(
          watched,
          limits,
          `${tokens} < ${limits.tokenRateFloor} and max by (pod) (${series('te_queue_size', of)}) > 0`,
        ),
      ];
    },
    triton(watched, limits) {
      const of = ofEngine(watched);
      const queued = `${ratePerPod('nv_inference_queue_duration_us', of, WINDOW)} / 1000000`;
      const requests = ratePerPod('nv_inference_request_success', of, WINDOW);
      return [waited(watched, limits, `${queued} / ${requests}`)];
    },
  };

const waiting = ({ engine }: WatchedEngine, expr: string, description: string): Signal => ({
  name: 'PenstockEngineQueueFull',
  expr,
  summary: `${engine.id}: requests pile up`,
  description,
});

const waited = (watched: WatchedEngine, { batchLimit }: EngineAlerts, mean: string): Signal =>
  waiting(
    watched,
    `${mean} > ${batchLimit.inSeconds}`,
    `A request waits {{ $value | humanizeDuration }} on average in {{ $labels.pod }}, more than half of the promised ${watched.engine.doneWithin}.`,
  );

const tokensSlow = ({ engine }: WatchedEngine, limits: EngineAlerts, expr: string): Signal => ({
  name: 'PenstockEngineTokensSlow',
  expr,
  summary: `${engine.id}: slower than it has to be`,
  description: `{{ $labels.pod }} gets through {{ $value | humanize }} tokens a second under load; ${limits.tokenRateFloor} carry the peak, ${engine.tokenRate} were measured.`,
});

/** The exporter runs on the node and names the pod that holds the device; its monitor has to honour those labels. */
function gpuAlerts({ namespace, engine }: WatchedEngine): readonly AlertProps[] {
  const of = { namespace, pod: new RegExp(`${engine.name}-.*`) };
  const labels = { namespace, engine: engine.id };
  const [used, free] = [series(GPU_METRICS.memoryUsed, of), series(GPU_METRICS.memoryFree, of)];
  return [
    {
      name: 'PenstockGpuMemoryFull',
      expr: `max by (pod, gpu) (${used} / (${used} + ${free})) > ${FULL_SHARE}`,
      holds: HOLDS,
      severity: 'ticket',
      labels,
      summary: `${engine.id}: the memory of a GPU is full`,
      description:
        '{{ $value | humanizePercentage }} of GPU {{ $labels.gpu }} of {{ $labels.pod }} are taken: a longer batch ends the process.',
    },
    {
      name: 'PenstockGpuFault',
      // The gauge holds the last fault for as long as the exporter lives: only a change is one now.
      expr: `max by (pod, gpu) (changes(${series(GPU_METRICS.xid, of)}[15m])) > 0`,
      severity: 'page',
      labels,
      summary: `${engine.id}: a GPU reports a fault`,
      description:
        'The driver reported an Xid for GPU {{ $labels.gpu }} of {{ $labels.pod }}; a device that fell off the bus needs a new node.',
    },
  ];
}
