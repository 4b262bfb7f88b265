import { describe, expect, test } from '@jest/globals';
import { inferenceEngine } from '@penstock/inference-engine/service';
import { mailClassifier } from '@penstock/mail-classifier/service';
import {
  Bytes,
  defineTopology,
  engineAlerts,
  queueAlerts,
  type ResolvedInferenceEngine,
  textEmbeddings,
  triton,
  vllm,
} from '@penstock/model';
import { Testing } from 'cdk8s';
import { ObservabilityChart } from '../../../charts/observability.ts';
import { type AlertName, NatsService, PLATFORM_ALERT_NAMES } from '../../../constructs/kubernetes/index.ts';
import type { Manifest } from '../../../constructs/policies/index.ts';
import { type Evaluation, evaluateRules, promtool, promtoolRequirement, type Sample } from '../../helpers/promtool.ts';
import { describeWith } from '../../helpers/requirement.ts';

// Prometheus's own evaluator on the rules that are deployed. Each scenario is a platform that is well but for what it
// names; the whole set of alerts that fire after three hours is expected, so that one that fires too much is seen too.

const engine = {
  service: inferenceEngine,
  task: 'embedding',
  model: { id: 'm', revision: '1', weights: '90 MB', dimensions: 384, maxTokens: 128 },
  tokenRate: '3500/s',
  tokensPerRequest: 100,
  doneWithin: '1 second',
  loadTime: '5 seconds',
  resources: { memory: '1 GiB' },
} as const;

const topology = defineTopology({
  name: 'shop',
  queues: { mails: { arrivalRate: '10/s', peakRate: '30/s', doneWithin: '3 minutes' } },
  engines: {
    own: engine,
    chat: { ...engine, service: vllm, accelerator: 'l4', pinned: { maxBatchTokens: 512 } },
    rank: { ...engine, service: textEmbeddings },
    vision: { ...engine, service: triton },
  },
  workers: {
    classify: {
      service: { ...mailClassifier, calls: ['a', 'b', 'c', 'd'] },
      queue: 'mails',
      workTime: { mean: '250 milliseconds', p99: '1 second' },
      itemsAtOnce: 4,
      calls: { a: { engine: 'own' }, b: { engine: 'chat' }, c: { engine: 'rank' }, d: { engine: 'vision' } },
    },
  },
  objectives: { 'in-time': { queue: 'mails', target: '99.5%' } },
});
const { classify } = topology.workers;
const { mails } = topology.queues;
const limits = queueAlerts(mails, classify);

const manifests = Testing.synth(
  new ObservabilityChart(Testing.app(), 'observability', {
    topology,
    namespace: 'shop-prod',
    broker: {
      nats: new NatsService({ namespace: 'nats', replicas: 3, syncInterval: 'periodic' }),
      streamSize: Bytes.parse('1 GiB'),
    },
    runbooks: { url: 'https://runbooks.example.com/alerts' },
  }),
) as readonly Manifest[];

interface Rule {
  readonly alert?: string;
  readonly expr: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}
const specOf = (kind: string) => manifests.find((each) => each.kind === kind) as Manifest;
const { groups } = specOf('PrometheusRule')['spec'] as {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[];
};
const rules = groups.flatMap(({ rules: inner }) => inner);
const dashboard = JSON.parse(Object.values(specOf('ConfigMap')['data'] as Record<string, string>)[0] as string) as {
  readonly panels: readonly {
    readonly id: number;
    readonly title: string;
    readonly type: string;
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
    readonly targets?: readonly { readonly expr: string }[];
  }[];
};

/** Minutes that each scenario lasts. */
const LENGTH = 180;
type Values = string;
const steady = (value: number): Values => `${value}x${LENGTH}`;
/** A counter that grows by this much a minute. */
const growing = (perMinute: number): Values => `0+${perMinute}x${LENGTH}`;

const IN = 'namespace="shop-prod"';
const QUEUE = `${IN},pod="classify-1",app_kubernetes_io_name="classify",messaging_destination_name="mails",messaging_consumer_group_name="classify"`;
const engineLabels = (id: string) => `${IN},pod="shop-${id}-1",app_kubernetes_io_name="${id}"`;
const CONSUMER = 'namespace="nats",stream_name="SHOP_MAILS",consumer_name="classify"';

/** 600 items a minute, each in time. */
const WELL: Readonly<Record<string, Values>> = {
  [`penstock_queue_latency_bucket{${QUEUE},le="180"}`]: growing(600),
  [`penstock_queue_latency_bucket{${QUEUE},le="+Inf"}`]: growing(600),
  [`penstock_queue_latency_count{${QUEUE}}`]: growing(600),
  [`messaging_client_consumed_messages_total{${QUEUE},outcome="done"}`]: growing(600),
  [`messaging_client_consumed_messages_total{${QUEUE},outcome="dead-lettered"}`]: growing(0),
  [`messaging_process_duration_sum{${QUEUE},outcome="done"}`]: growing(600 * 0.2),
  [`messaging_process_duration_count{${QUEUE},outcome="done"}`]: growing(600),
  [`penstock_queue_depth{${QUEUE},state="ready"}`]: steady(5),
  [`penstock_queue_depth{${QUEUE},state="delayed"}`]: steady(0),
  [`penstock_queue_depth{${QUEUE},state="leased"}`]: steady(4),
  [`penstock_queue_depth{${QUEUE},state="deadLettered"}`]: steady(0),
  [`jetstream_consumer_num_pending{${CONSUMER},is_consumer_leader="true"}`]: steady(5),
  'jetstream_stream_total_bytes{namespace="nats",stream_name="SHOP_MAILS"}': steady(1_000_000),
  'jetstream_stream_total_bytes{namespace="nats",stream_name="SHOP_MAILS_DEAD"}': steady(0),
  ...Object.fromEntries(
    [0, 1, 2].map((n) => [`up{namespace="nats",job="shop-prod/shop-nats",pod="nats-${n}"}`, steady(1)]),
  ),
  ...Object.fromEntries(
    Object.values(topology.engines).flatMap((each) =>
      Array.from({ length: each.replicas }, (_, n) => [
        `up{${IN},pod="shop-${each.id}-${n + 1}",app_kubernetes_io_name="${each.id}"}`,
        steady(1),
      ]),
    ),
  ),
  [`penstock_engine_queue_tokens{${engineLabels('own')}}`]: steady(100),
  [`penstock_engine_batch_duration_sum{${engineLabels('own')}}`]: growing(20),
  [`penstock_engine_batch_duration_count{${engineLabels('own')}}`]: growing(200),
  [`penstock_engine_batch_tokens_sum{${engineLabels('own')}}`]: growing(60_000),
  [`vllm:num_requests_waiting{${engineLabels('chat')}}`]: steady(0),
  [`vllm:kv_cache_usage_perc{${engineLabels('chat')}}`]: steady(0.5),
  [`vllm:prompt_tokens_total{${engineLabels('chat')}}`]: growing(60_000),
  [`vllm:generation_tokens_total{${engineLabels('chat')}}`]: growing(6_000),
  [`vllm:request_queue_time_seconds_sum{${engineLabels('chat')}}`]: growing(60),
  [`vllm:request_queue_time_seconds_count{${engineLabels('chat')}}`]: growing(600),
  [`vllm:time_to_first_token_seconds_bucket{${engineLabels('chat')},le="0.5"}`]: growing(600),
  [`vllm:time_to_first_token_seconds_bucket{${engineLabels('chat')},le="2.5"}`]: growing(600),
  [`vllm:time_to_first_token_seconds_bucket{${engineLabels('chat')},le="+Inf"}`]: growing(600),
  [`DCGM_FI_DEV_FB_USED{${IN},pod="shop-chat-1",gpu="0"}`]: steady(20_000),
  [`DCGM_FI_DEV_FB_FREE{${IN},pod="shop-chat-1",gpu="0"}`]: steady(2_500),
  [`DCGM_FI_DEV_XID_ERRORS{${IN},pod="shop-chat-1",gpu="0"}`]: steady(0),
  [`te_queue_size{${engineLabels('rank')}}`]: steady(0),
  [`te_batch_next_tokens_sum{${engineLabels('rank')}}`]: growing(60_000),
  [`te_request_queue_duration_sum{${engineLabels('rank')}}`]: growing(60),
  [`te_request_queue_duration_count{${engineLabels('rank')}}`]: growing(600),
  [`nv_inference_queue_duration_us{${engineLabels('vision')}}`]: growing(60_000_000),
  [`nv_inference_request_success{${engineLabels('vision')}}`]: growing(600),
};

interface Scenario {
  readonly title: string;
  readonly but: Readonly<Record<string, Values | undefined>>;
  readonly fires: readonly AlertName[];
}

const own = engineAlerts(topology.engines.own as ResolvedInferenceEngine);
const noWorker = Object.fromEntries(
  Object.keys(WELL)
    .filter((name) => name.includes(QUEUE))
    .map((name) => [name, undefined]),
);

const SCENARIOS: readonly Scenario[] = [
  { title: 'a platform that is well', but: {}, fires: [] },
  {
    title: 'a tenth of the items late, twenty times what the budget allows',
    but: { [`penstock_queue_latency_bucket{${QUEUE},le="180"}`]: growing(540) },
    fires: ['PenstockBudgetBurn'],
  },
  {
    title: 'a late share that the budget allows',
    but: { [`penstock_queue_latency_bucket{${QUEUE},le="180"}`]: growing(598) },
    fires: [],
  },
  {
    title: 'late items that ended two hours ago: the short windows have recovered, the ticket has not',
    but: { [`penstock_queue_latency_bucket{${QUEUE},le="180"}`]: '0+0x60 600+600x119' },
    fires: ['PenstockBudgetBurn'],
  },
  {
    title: 'the bounds of histograms as Prometheus 3 writes them',
    but: {
      [`penstock_queue_latency_bucket{${QUEUE},le="180"}`]: undefined,
      [`penstock_queue_latency_bucket{${QUEUE},le="180.0"}`]: growing(600),
    },
    fires: [],
  },
  {
    title: 'a histogram that lacks the bound of the promise: loud, not silent',
    but: { [`penstock_queue_latency_bucket{${QUEUE},le="180"}`]: undefined },
    fires: ['PenstockBudgetBurn'],
  },
  {
    title: 'every second item given up although those that are done are in time',
    but: {
      [`messaging_client_consumed_messages_total{${QUEUE},outcome="dead-lettered"}`]: growing(600),
      [`penstock_queue_depth{${QUEUE},state="deadLettered"}`]: growing(600),
    },
    fires: ['PenstockBudgetBurn', 'PenstockDeadLetters'],
  },
  {
    title: 'no traffic at all',
    but: Object.fromEntries(
      Object.keys(WELL)
        .filter((name) => name.includes(QUEUE) && !name.startsWith('penstock_queue_depth'))
        .map((name) => [name, undefined]),
    ),
    // Items are there and none of them leaves.
    fires: ['PenstockQueueAge'],
  },
  {
    title: 'an idle queue',
    but: Object.fromEntries(
      Object.keys(WELL)
        .filter((name) => name.includes(QUEUE))
        .map((name) => [name, name.startsWith('penstock_queue_depth') ? steady(0) : undefined]),
    ),
    fires: [],
  },
  {
    title: 'a lag that takes longer than the promise at the present throughput',
    but: { [`penstock_queue_depth{${QUEUE},state="ready"}`]: steady(10 * 200) },
    fires: ['PenstockQueueAge'],
  },
  {
    title: 'a lag that all replicas cannot get through',
    but: {
      [`penstock_queue_depth{${QUEUE},state="ready"}`]: steady(limits.lagLimit + 10),
      // Fast enough for now: the lag alone is too much.
      [`messaging_client_consumed_messages_total{${QUEUE},outcome="done"}`]: growing(limits.lagLimit * 60),
    },
    fires: ['PenstockQueueLag'],
  },
  {
    title: 'one item that was given up',
    but: { [`penstock_queue_depth{${QUEUE},state="deadLettered"}`]: steady(1) },
    fires: ['PenstockDeadLetters'],
  },
  {
    title: 'work on the broker and no worker',
    but: noWorker,
    fires: ['PenstockWorkerNotStarted', 'PenstockWorkerUnwatched'],
  },
  {
    title: 'a replica of the broker that repeats an old lag while its leader has none',
    but: {
      ...noWorker,
      [`jetstream_consumer_num_pending{${CONSUMER},is_consumer_leader="true"}`]: steady(0),
      [`jetstream_consumer_num_pending{${CONSUMER},is_consumer_leader="false"}`]: steady(7),
    },
    fires: ['PenstockWorkerUnwatched'],
  },
  {
    title: 'items that take longer than declared',
    but: { [`messaging_process_duration_sum{${QUEUE},outcome="done"}`]: growing(600 * 0.3) },
    fires: ['PenstockWorkSlow'],
  },
  {
    title: 'a stream that fills its disk',
    but: { 'jetstream_stream_total_bytes{namespace="nats",stream_name="SHOP_MAILS"}': steady(900_000_000) },
    fires: ['PenstockStreamFilling'],
  },
  {
    title: 'a server of the broker that is down',
    but: { 'up{namespace="nats",job="shop-prod/shop-nats",pod="nats-1"}': steady(0) },
    fires: ['PenstockBrokerMissing'],
  },
  {
    title: 'a replica of an engine that is down',
    but: { [`up{${IN},pod="shop-own-1",app_kubernetes_io_name="own"}`]: steady(0) },
    fires: ['PenstockEngineMissing'],
  },
  {
    title: 'an engine that is about to refuse requests',
    but: { [`penstock_engine_queue_tokens{${engineLabels('own')}}`]: steady(own.queueLimit + 1) },
    fires: ['PenstockEngineQueueFull'],
  },
  {
    title: 'batches that take more than half of the promise',
    but: { [`penstock_engine_batch_duration_count{${engineLabels('own')}}`]: growing(30) },
    fires: ['PenstockEngineBatchSlow'],
  },
  {
    title: 'an engine that is loaded and too slow to carry the peak',
    but: {
      [`penstock_engine_batch_duration_sum{${engineLabels('own')}}`]: growing(55),
      [`penstock_engine_batch_tokens_sum{${engineLabels('own')}}`]: growing(55 * (own.tokenRateFloor - 100)),
    },
    fires: ['PenstockEngineTokensSlow'],
  },
  {
    title: 'an engine whose small batches are slow in a quiet hour',
    but: { [`penstock_engine_batch_tokens_sum{${engineLabels('own')}}`]: growing(20 * (own.tokenRateFloor - 100)) },
    fires: [],
  },
  {
    title: 'vLLM: a first token that comes after the whole answer was promised',
    but: {
      [`vllm:time_to_first_token_seconds_bucket{${engineLabels('chat')},le="0.5"}`]: growing(500),
    },
    fires: ['PenstockEngineFirstTokenSlow'],
  },
  {
    title: 'vLLM: requests that wait for most of the promise, and too few tokens meanwhile',
    but: {
      [`vllm:num_requests_waiting{${engineLabels('chat')}}`]: steady(9),
      [`vllm:request_queue_time_seconds_sum{${engineLabels('chat')}}`]: growing(600 * 0.8),
      [`vllm:prompt_tokens_total{${engineLabels('chat')}}`]: growing(600),
    },
    fires: ['PenstockEngineQueueFull', 'PenstockEngineTokensSlow'],
  },
  {
    title: 'vLLM: a key-value cache that is full',
    but: { [`vllm:kv_cache_usage_perc{${engineLabels('chat')}}`]: steady(0.99) },
    fires: ['PenstockEngineCacheFull'],
  },
  {
    title: 'text-embeddings-inference: requests that wait',
    but: { [`te_request_queue_duration_sum{${engineLabels('rank')}}`]: growing(600 * 0.8) },
    fires: ['PenstockEngineQueueFull'],
  },
  {
    title: 'Triton: requests that wait',
    but: { [`nv_inference_queue_duration_us{${engineLabels('vision')}}`]: growing(600 * 800_000) },
    fires: ['PenstockEngineQueueFull'],
  },
  {
    title: 'a GPU whose memory is full',
    but: { [`DCGM_FI_DEV_FB_FREE{${IN},pod="shop-chat-1",gpu="0"}`]: steady(100) },
    fires: ['PenstockGpuMemoryFull'],
  },
  {
    title: 'a GPU that reported a fault a moment ago',
    but: { [`DCGM_FI_DEV_XID_ERRORS{${IN},pod="shop-chat-1",gpu="0"}`]: `0x${LENGTH - 5} 79x10` },
    fires: ['PenstockGpuFault'],
  },
  {
    title: 'a GPU whose last fault was yesterday',
    but: { [`DCGM_FI_DEV_XID_ERRORS{${IN},pod="shop-chat-1",gpu="0"}`]: steady(79) },
    fires: [],
  },
];

/** The rules as they are deployed: the spec of a PrometheusRule is the file that Prometheus loads. */
const RULES = { 'rules.yml': { groups } };

describeWith(promtoolRequirement(), 'the alerts, evaluated by Prometheus', () => {
  test('are rules that Prometheus loads', () => {
    const { status, output } = promtool(['check', 'rules', 'rules.yml'], RULES);
    expect(output).toContain(`SUCCESS: ${rules.length} rules found`);
    expect(status).toBe(0);
  });

  test('rejects a rule that is not PromQL, so that the check can fail', () => {
    const broken = { groups: [{ name: 'a', rules: [{ alert: 'A', expr: 'sum(up{namespace=prod})' }] }] };
    expect(promtool(['check', 'rules', 'rules.yml'], { 'rules.yml': broken }).status).toBe(1);
  });

  test('and the queries of the dashboard are PromQL', () => {
    const queries = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
    const asRules = queries.map((expr, n) => ({
      record: `query_${n}`,
      expr: expr.replaceAll('$__rate_interval', '2m'),
    }));
    const { status, output } = promtool(['check', 'rules', 'rules.yml'], {
      'rules.yml': { groups: [{ name: 'dashboard', rules: asRules }] },
    });
    expect(output).toContain(`SUCCESS: ${queries.length} rules found`);
    expect(status).toBe(0);
  });

  test.each(SCENARIOS)('$title: $fires', ({ but, fires }) => {
    const samples = fires.map((name) => ({ labels: `{alertname="${name}"}`, value: 1 }));
    expect(evaluate(but, 'group by (alertname) (ALERTS{alertstate="firing"})', samples)).toEqual({ status: 0 });
  });

  test.each([
    ['a tenth late burns the budget in every window', growing(540), ['1h', '3d', '6h']],
    ['one in 25 late is too slow for the hour', growing(576), ['3d', '6h']],
    ['one in 100 late is for the morning', growing(594), ['3d']],
    ['what ended two hours ago wakes nobody', '0+0x60 600+600x119', ['3d']],
  ] as const)('%s', (_, inTime, windows) => {
    const samples = windows.map((window) => ({
      labels: `{long_window="${window}",severity="${window === '3d' ? 'ticket' : 'page'}"}`,
      value: 1,
    }));
    const query = 'group by (long_window, severity) (ALERTS{alertstate="firing"})';
    const late = { [`penstock_queue_latency_bucket{${QUEUE},le="180"}`]: inTime };
    expect(evaluate(late, query, samples)).toEqual({ status: 0 });
  });

  test('rejects alerts that are expected and do not fire, so that a scenario can fail', () => {
    const samples = [{ labels: '{alertname="PenstockQueueLag"}', value: 1 }];
    const { output } = evaluate({}, 'group by (alertname) (ALERTS{alertstate="firing"})', samples);
    expect(output).toContain('PenstockQueueLag');
  });
});

/** Evaluates a query after the scenario; what promtool says where the samples are others. */
const evaluate = (but: Scenario['but'], query: string, samples: readonly Sample[]): Evaluation =>
  evaluateRules({ groups, series: { ...WELL, ...but }, minutes: LENGTH, query, samples });

describe('the alerts', () => {
  test('each have a scenario in which they fire', () => {
    expect([...new Set(SCENARIOS.flatMap(({ fires }) => fires))].toSorted()).toEqual(
      [...PLATFORM_ALERT_NAMES].toSorted(),
    );
  });

  test('are all deployed, and name the page that says what to do', () => {
    const alerts = rules.filter(({ alert }) => alert !== undefined);
    expect([...new Set(alerts.map(({ alert }) => alert))].toSorted()).toEqual([...PLATFORM_ALERT_NAMES].toSorted());
    for (const { alert, annotations, labels } of alerts) {
      expect(annotations?.['runbook_url']).toBe(`https://runbooks.example.com/alerts#${alert?.toLowerCase()}`);
      expect(labels['severity']).toMatch(/^(page|ticket)$/);
    }
  });

  test('have groups of names of their own', () => {
    const names = groups.map(({ name }) => name);
    expect(names).toEqual([...new Set(names)]);
  });
});

describe('the dashboard', () => {
  test('lays out panels that do not overlap and have ids of their own', () => {
    const ids = dashboard.panels.map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)]);
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, n) => `${x + (n % w)},${y + Math.floor(n / w)}`),
    );
    expect(cells.length).toBe(new Set(cells).size);
    expect(dashboard.panels.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true);
  });

  test('has a row for every queue and every engine, and no empty panel', () => {
    const titles = dashboard.panels.filter(({ type }) => type === 'row').map(({ title }) => title);
    expect(titles).toHaveLength(1 + Object.keys(topology.engines).length);
    for (const panel of dashboard.panels) if (panel.type !== 'row') expect(panel.targets).not.toEqual([]);
  });
});
