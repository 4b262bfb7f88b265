import { beforeAll, describe, expect, test } from '@jest/globals';
import { queueAlerts, type ResolvedTopic, topicAlerts } from '@penstock/model';
import { inlinedAlerts } from '../../../constructs/gcp/monitoring/inlined-records.ts';
import { METRIC_TYPES, promqlName } from '../../../constructs/gcp/monitoring/metric-types.ts';
import { PlatformMonitoring } from '../../../constructs/gcp/monitoring/platform-monitoring.ts';
import { ServiceObjective } from '../../../constructs/gcp/monitoring/service-objective.ts';
import { platformRules } from '../../../constructs/monitoring/platform-rules.ts';
import { PROJECT } from './platform-parts.ts';
import { type Request, request } from './requested.ts';
import { SHOP, shopWith, watchShop } from './watched-platform.ts';

const POLICY = 'gcp:monitoring/alertPolicy:AlertPolicy';

interface PolicyInputs {
  readonly severity: string;
  readonly notificationChannels: readonly string[];
  readonly documentation: { readonly content: string; readonly links: readonly { readonly url: string }[] };
  readonly conditions: readonly {
    readonly conditionPrometheusQueryLanguage: {
      readonly query: string;
      readonly duration: string;
      readonly alertRule: string;
      readonly evaluationInterval: string;
      readonly disableMetricValidation: boolean;
    };
  }[];
}

let asked: Request;
beforeAll(async () => {
  asked = await request((options) => void watchShop(options));
});

const policy = (name: string): PolicyInputs => asked.the(POLICY, name).inputs as unknown as PolicyInputs;
const conditionOf = (name: string) => policy(name).conditions[0]?.conditionPrometheusQueryLanguage;

describe('alert policies', () => {
  test('are of the rules that Prometheus has elsewhere, one each, and of what Google runs', () => {
    const { ranker: _served, ...engines } = SHOP.engines;
    const groups = platformRules({ topology: { ...SHOP, engines }, namespace: 'shop' });
    const shared = groups.flatMap(({ rules }) => rules.flatMap((rule) => ('alert' in rule ? [rule.alert] : [])));
    const made = asked.of(POLICY).map(({ inputs }) => {
      const [condition] = (inputs as unknown as PolicyInputs).conditions;
      return condition?.conditionPrometheusQueryLanguage.alertRule;
    });
    const managed = [
      ...['PenstockPodsUnschedulable', 'PenstockTopicLag', 'PenstockTopicStuck', 'PenstockTopicDeadLetters'],
      ...['PenstockPostgresDown', 'PenstockPostgresDiskFilling', 'PenstockPostgresFreezing'],
      ...['PenstockValkeyFull', 'PenstockValkeyRefusing'],
      ...['PenstockEngineMissing', 'PenstockEndpointSlow', 'PenstockEndpointFailing'],
    ];
    expect(made.toSorted()).toEqual([...shared, ...managed].toSorted());
    expect(new Set(asked.of(POLICY).map(({ name }) => name)).size).toBe(made.length);
  });

  test('hold the limits of the model', () => {
    const orders = queueAlerts(SHOP.queues.orders, SHOP.workers.fulfil);
    expect(conditionOf('shop-PenstockQueueLag-orders')).toMatchObject({
      query: expect.stringMatching(new RegExp(`> ${orders.lagLimit}$`)),
      duration: `${orders.lagFor.inSeconds}s`,
      evaluationInterval: '60s',
    });
    const sales: ResolvedTopic = SHOP.topics.sales;
    const [ledger] = sales.consumers;
    expect(conditionOf('shop-PenstockTopicLag-sales-ledger')?.query).toMatch(
      new RegExp(`> ${topicAlerts(sales, ledger as NonNullable<typeof ledger>).lagLimit}$`),
    );
    expect(conditionOf('shop-PenstockEndpointSlow-ranker')?.query).toMatch(/> 2000$/);
  });

  test('ask for series and not for records, also over the three days that no burn rate of Cloud Monitoring reaches', () => {
    const slow = conditionOf('shop-PenstockBudgetBurn-orders-orders-in-time-3d');
    expect(slow?.query).toContain('penstock_queue_latency_bucket');
    expect(slow?.query).toContain('[3d]');
    expect(slow?.query).toMatch(/> 0\.005\b.* and .*> 0\.005$/s);
    expect(slow?.query).not.toContain('ratio_rate');
  });

  test('are made before anything was ever measured', () => {
    expect(conditionOf('shop-PenstockQueueAge-orders')?.disableMetricValidation).toBe(true);
  });

  test('wake whom they should, and leave the others until the morning', () => {
    expect(policy('shop-PenstockQueueAge-orders')).toMatchObject({
      severity: 'CRITICAL',
      notificationChannels: ['shop-oncall@example.com', 'projects/mailroom-prod/notificationChannels/1'],
    });
    expect(policy('shop-PenstockDeadLetters-orders')).toMatchObject({
      severity: 'WARNING',
      notificationChannels: ['shop-team@example.com'],
    });
  });

  test('say what it means without the templates of Prometheus, and link to their page', () => {
    for (const { inputs } of asked.of(POLICY)) {
      const { content, links } = (inputs as unknown as PolicyInputs).documentation;
      expect(content).not.toContain('{{');
      expect(links[0]?.url).toMatch(/^https:\/\/docs\.example\.com\/alerts#penstock[a-z]+$/);
    }
    expect(policy('shop-PenstockQueueLag-orders').documentation.content).toMatch(/^N items wait.*\n\nN is the value/s);
  });

  test('ask for what Google runs by the name that the cloud gave it', () => {
    // The mocks answer every resource with its name in the program.
    const [database] = asked.of('gcp:sql/databaseInstance:DatabaseInstance');
    expect(conditionOf('shop-PenstockPostgresDiskFilling-mailroom-prod-shop')?.query).toContain(
      `database_id="mailroom-prod:${database?.name}"`,
    );
    expect(conditionOf('shop-PenstockTopicLag-sales-ledger')?.query).toContain('cluster_id="shop-kafka"');
    expect(conditionOf('shop-PenstockValkeyFull-shop')?.query).toContain('instance_id="shop-cache"');
  });

  test('ask Vertex AI, and not pods that there are none of, where an engine is behind an endpoint', () => {
    const ofEngine = asked.of(POLICY).filter(({ name }) => /^shop-PenstockEn(gine|dpoint)/.test(name));
    expect(ofEngine.map(({ name }) => name).toSorted()).toEqual([
      'shop-PenstockEndpointFailing-ranker',
      'shop-PenstockEndpointSlow-ranker',
      'shop-PenstockEngineMissing-ranker',
    ]);
    for (const { name } of ofEngine) expect(conditionOf(name)?.query).toContain('aiplatform_googleapis_com:');
  });
});

describe('an objective', () => {
  const SLO = 'gcp:monitoring/slo:Slo';
  const LATE = 'shop-orders-in-time-in-time';

  test('counts what was done in time by the bound of the promise, over its own window', () => {
    expect(asked.the(SLO, LATE).inputs).toMatchObject({
      goal: 0.995,
      rollingPeriodDays: 30,
      requestBasedSli: {
        distributionCut: {
          distributionFilter: expect.stringMatching(
            /prometheus\.googleapis\.com\/penstock_queue_latency\/histogram.*namespace="shop".*messaging_destination_name="orders"/,
          ),
          range: { min: 0, max: 30 },
        },
      },
    });
  });

  test('counts what was given up too, which has no latency', () => {
    expect(asked.the(SLO, 'shop-orders-in-time-done').inputs).toMatchObject({
      goal: 0.995,
      requestBasedSli: {
        goodTotalRatio: {
          goodServiceFilter: expect.stringContaining('outcome="done"'),
          badServiceFilter: expect.stringContaining('outcome="dead-lettered"'),
        },
      },
    });
  });

  test.each([
    ['one that is not there', SHOP, 'none', 'reference-missing'],
    ['a goal that leaves no budget', shopWith({ target: '99.999%' }), 'orders-in-time', 'quantity-malformed'],
    [
      'a window longer than is counted',
      shopWith({ target: '99%', window: '90 days' }),
      'orders-in-time',
      'window-too-long',
    ],
  ])('rejects %s', async (_what, topology, objective, code) => {
    const errors: string[] = [];
    const made = await request((options) => {
      try {
        new ServiceObjective('o', { project: PROJECT, topology, objective, namespace: 'shop' }, options);
      } catch (error) {
        errors.push((error as Error).message);
      }
    });
    expect(errors).toEqual([expect.stringContaining(`[${code}]`)]);
    expect(made.of(SLO)).toEqual([]);
  });
});

describe('the dashboard', () => {
  interface Tile {
    readonly xPos: number;
    readonly yPos: number;
    readonly width: number;
    readonly height: number;
    readonly widget: {
      readonly title: string;
      readonly xyChart?: {
        readonly dataSets: readonly {
          readonly legendTemplate: string;
          readonly timeSeriesQuery: { readonly prometheusQuery: string; readonly unitOverride: string };
        }[];
        readonly thresholds: readonly { readonly value: number }[];
      };
    };
  }
  let tiles: readonly Tile[];
  beforeAll(() => {
    const { inputs } = asked.the('gcp:monitoring/dashboard:Dashboard');
    const { mosaicLayout } = JSON.parse(inputs['dashboardJson'] as string) as {
      readonly mosaicLayout: { readonly tiles: readonly Tile[] };
    };
    tiles = mosaicLayout.tiles;
  });

  test('draws the limits that the alerts look at', () => {
    const lag = tiles.find(({ widget }) => widget.title === 'How much work is open?');
    expect(lag?.widget.xyChart?.thresholds).toMatchObject([
      { value: queueAlerts(SHOP.queues.orders, SHOP.workers.fulfil).lagLimit },
    ]);
  });

  test('has none of the words of Grafana left', () => {
    const sets = tiles.flatMap(({ widget }) => widget.xyChart?.dataSets ?? []);
    expect(sets.length).toBeGreaterThan(8);
    for (const { legendTemplate, timeSeriesQuery } of sets)
      expect(`${legendTemplate} ${timeSeriesQuery.prometheusQuery}`).not.toMatch(/\$__|\{\{/);
    expect(sets.map(({ legendTemplate }) => legendTemplate)).toContain(`$\{metric.labels.outcome}`);
  });

  test('puts no tile upon another, and none beyond the edge', () => {
    for (const [n, one] of tiles.entries()) {
      expect(one.xPos + one.width).toBeLessThanOrEqual(48);
      for (const other of tiles.slice(n + 1))
        expect(
          one.xPos + one.width <= other.xPos ||
            other.xPos + other.width <= one.xPos ||
            one.yPos + one.height <= other.yPos ||
            other.yPos + other.height <= one.yPos,
        ).toBe(true);
    }
  });
});

test('rejects an endpoint of an engine that is not there', async () => {
  const errors: string[] = [];
  await request((options) => {
    try {
      const watched = { project: PROJECT, topology: SHOP, namespace: 'shop', notified: { pages: [], tickets: [] } };
      new PlatformMonitoring('m', { ...watched, managed: { endpoints: { gone: {} as never } } }, options);
    } catch (error) {
      errors.push((error as Error).message);
    }
  });
  expect(errors).toEqual([expect.stringMatching(/no engine gone \[reference-missing\]/)]);
});

test('rejects an alert on a record of other labels than there are', () => {
  const labels = { namespace: 'shop' };
  const rules = [
    { record: 'a:b:c', expr: 'up', labels },
    { alert: 'A', expr: 'a:b:c{namespace="other"} > 1', labels: {}, annotations: {} },
  ];
  expect(() => inlinedAlerts([{ name: 'g', interval: '1m', rules }])).toThrow('reference-missing');
});

describe('the table of metrics', () => {
  test('is of every metric of Google that an alert asks for, each with the page it was read on', () => {
    const queries = asked.of(POLICY).map(({ name }) => conditionOf(name)?.query ?? '');
    const known = Object.values(METRIC_TYPES).map(({ type }) => promqlName(type));
    const asks = queries.flatMap((query) => query.match(/[a-z]\w*_googleapis_com:\w+|kube_\w+/g) ?? []);
    expect(asks.length).toBeGreaterThan(10);
    expect(asks.map((name) => name.replace(/_bucket$/, '')).filter((name) => !known.includes(name))).toEqual([]);
    for (const name of known) expect(queries.some((query) => query.includes(name))).toBe(true);
    for (const { source } of Object.values(METRIC_TYPES)) expect(source).toMatch(/^[a-z-]+\/(api|docs)\//);
  });

  test('names them as PromQL does', () => {
    expect(promqlName('cloudsql.googleapis.com/database/disk/utilization')).toBe(
      'cloudsql_googleapis_com:database_disk_utilization',
    );
    expect(promqlName('prometheus.googleapis.com/kube_pod_status_unschedulable/gauge')).toBe(
      'kube_pod_status_unschedulable',
    );
  });
});
