import { describe, expect, test } from '@jest/globals';
import { Chart, Testing } from 'cdk8s';
import {
  type AlertName,
  BROKER_ALERT_NAMES,
  BrokerMonitor,
  RabbitMqService,
} from '../../../constructs/kubernetes/index.ts';
import type { Manifest } from '../../../constructs/policies/index.ts';
import { platform } from '../../../stacks/platform.ts';
import { evaluateRules, promtool, promtoolRequirement } from '../../helpers/promtool.ts';
import { describeWith } from '../../helpers/requirement.ts';
import { type Change, growing, LENGTH, steady, up, type Watched } from './broker-scenario.ts';
import { kafkaWatched } from './kafka-scenarios.ts';
import { postgresWatched } from './postgres-scenarios.ts';
import { valkeyCacheWatched, valkeyWatched } from './valkey-scenarios.ts';

// Prometheus's own evaluator on the alerts of brokers and databases: one that is well, but for what a scenario names.

const GIB = 2 ** 30;

const RABBIT = 'namespace="rabbit",job="mailroom/mailroom-rabbitmq-jobs"';
const rabbit = (metric: string, pod = 'jobs-server-0') => `rabbitmq_${metric}{${RABBIT},pod="${pod}"}`;
const rabbitmq: Watched = {
  name: 'RabbitMQ',
  broker: {
    kind: 'rabbitmq',
    service: new RabbitMqService({ name: 'jobs', namespace: 'rabbit', nodes: 3, tls: true }),
  },
  well: {
    ...up(RABBIT, ['jobs-server-0', 'jobs-server-1', 'jobs-server-2']),
    [rabbit('alarms_memory_used_watermark')]: steady(0),
    [rabbit('alarms_free_disk_space_watermark')]: steady(0),
    [rabbit('disk_space_available_bytes')]: steady(80 * GIB),
    [rabbit('disk_space_available_limit_bytes')]: steady(4 * GIB),
    [rabbit('global_messages_unroutable_dropped_total')]: steady(7),
  },
  scenarios: [
    ['a node that is down', { [`up{${RABBIT},pod="jobs-server-1"}`]: steady(0) }, ['PenstockBrokerMissing']],
    ['a node short of memory', { [rabbit('alarms_memory_used_watermark')]: steady(1) }, ['PenstockRabbitMqBlocked']],
    [
      'one full node among others',
      {
        [rabbit('alarms_free_disk_space_watermark', 'jobs-server-2')]: steady(1),
        [rabbit('disk_space_available_bytes', 'jobs-server-2')]: steady(3 * GIB),
        [rabbit('disk_space_available_limit_bytes', 'jobs-server-2')]: steady(4 * GIB),
      },
      ['PenstockRabbitMqBlocked', 'PenstockRabbitMqDiskFilling'],
    ],
    [
      'a disk that is filling',
      { [rabbit('disk_space_available_bytes')]: steady(7 * GIB) },
      ['PenstockRabbitMqDiskFilling'],
    ],
    [
      'messages that nobody takes',
      { [rabbit('global_messages_unroutable_dropped_total')]: growing(5) },
      ['PenstockRabbitMqUnroutable'],
    ],
  ],
};

const WATCHED = [rabbitmq, kafkaWatched, postgresWatched, valkeyWatched, valkeyCacheWatched];

interface Rule {
  readonly alert: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}

/** The spec of its PrometheusRule, which is the file that Prometheus loads. */
function rulesOf({ broker }: Watched) {
  const chart = new Chart(Testing.app(), 'chart', { namespace: 'mailroom' });
  new BrokerMonitor(chart, 'monitor', {
    topology: platform,
    namespace: 'mailroom',
    broker,
    runbooks: { url: 'https://runbooks.example.com/alerts' },
  });
  const rule = (Testing.synth(chart) as Manifest[]).find(({ kind }) => kind === 'PrometheusRule') as Manifest;
  return rule['spec'] as { readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[] };
}

describeWith(promtoolRequirement(), 'the alerts of a broker, evaluated by Prometheus', () => {
  const evaluate = (watched: Watched, but: Change, fires: readonly AlertName[]) =>
    evaluateRules({
      groups: rulesOf(watched).groups,
      series: { ...watched.well, ...but },
      minutes: LENGTH,
      query: 'group by (alertname) (ALERTS{alertstate="firing"})',
      samples: fires.map((name) => ({ labels: `{alertname="${name}"}`, value: 1 })),
    });

  test.each(WATCHED)('are rules that Prometheus loads: $name', (watched) => {
    const rules = rulesOf(watched);
    const count = rules.groups.flatMap((group) => group.rules).length;
    const { status, output } = promtool(['check', 'rules', 'rules.yml'], { 'rules.yml': rules });
    expect(output).toContain(`SUCCESS: ${count} rules found`);
    expect(status).toBe(0);
  });

  test.each(WATCHED)('are silent while $name is well', (watched) => {
    expect(evaluate(watched, {}, [])).toEqual({ status: 0 });
  });

  test.each(
    WATCHED.flatMap((watched) =>
      watched.scenarios.map(([title, but, fires]) => [watched.name, title, fires, watched, but] as const),
    ),
  )('%s, %s: %j', (_name, _title, fires, watched, but) => {
    expect(evaluate(watched, but, fires)).toEqual({ status: 0 });
  });

  test('rejects an alert that is expected and does not fire, so that a scenario can fail', () => {
    expect(evaluate(rabbitmq, {}, ['PenstockRabbitMqBlocked']).output).toContain('PenstockRabbitMqBlocked');
  });
});

describe('the alerts of brokers', () => {
  const rules = WATCHED.flatMap((watched) => rulesOf(watched).groups.flatMap((group) => group.rules));

  test('each have a scenario in which they fire', () => {
    const fired = new Set(WATCHED.flatMap(({ scenarios }) => scenarios.flatMap(([, , fires]) => fires)));
    expect([...fired].toSorted()).toEqual(['PenstockBrokerMissing', ...BROKER_ALERT_NAMES].toSorted());
  });

  test('name the page that says what to do', () => {
    for (const { alert, annotations, labels } of rules) {
      expect(annotations['runbook_url']).toBe(`https://runbooks.example.com/alerts#${alert.toLowerCase()}`);
      expect(labels['severity']).toMatch(/^(page|ticket)$/);
    }
  });
});
