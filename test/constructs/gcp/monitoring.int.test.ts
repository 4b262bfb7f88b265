import { beforeAll, expect, test } from '@jest/globals';
import { evaluateRules, promtool, promtoolRequirement } from '../../helpers/promtool.ts';
import { describeWith } from '../../helpers/requirement.ts';
import { type Request, request } from './requested.ts';
import { watchShop } from './watched-platform.ts';

interface Condition {
  readonly conditionPrometheusQueryLanguage: {
    readonly query: string;
    readonly duration: string;
    readonly alertRule: string;
    readonly labels: Readonly<Record<string, string>>;
  };
}

// The evaluator is Prometheus's own; Cloud Monitoring's is another one that promises the same language.
describeWith(promtoolRequirement(), 'policies of Cloud Monitoring under Prometheus', () => {
  let rules: readonly { readonly alert: string; readonly expr: string; readonly labels: object }[];
  beforeAll(async () => {
    const asked: Request = await request((options) => void watchShop(options));
    rules = asked.of('gcp:monitoring/alertPolicy:AlertPolicy').map(({ inputs }) => {
      const [condition] = inputs['conditions'] as readonly [Condition];
      const { query, alertRule, labels } = condition.conditionPrometheusQueryLanguage;
      return { alert: alertRule, expr: query, labels };
    });
  });

  test('are written in its language', () => {
    const verdict = promtool(['check', 'rules', 'rules.yml'], { 'rules.yml': { groups: [{ name: 'all', rules }] } });
    expect(verdict).toMatchObject({ status: 0 });
    expect(verdict.output).toContain(`${rules.length} rules found`);
  });

  const KAFKA = 'cluster_id="shop-kafka",topic_id="shop.sales"';
  const lag = `managedkafka_googleapis_com:offset_lag{monitored_resource="managedkafka.googleapis.com/TopicPartitionConsumerGroup",${KAFKA},consumer_group_id="shop.sales.ledger",partition="0"}`;
  const written = `managedkafka_googleapis_com:message_in_count{monitored_resource="managedkafka.googleapis.com/Topic",${KAFKA}}`;
  const firing = (name: string, series: Readonly<Record<string, string>>, fires: boolean) => {
    const alert = rules.find((rule) => rule.alert === name);
    expect(alert).toBeDefined();
    const query = `count(ALERTS{alertname="${name}",alertstate="firing"}) or vector(0)`;
    return evaluateRules({
      groups: [{ name: 'g', rules: [alert] }],
      series,
      minutes: 60,
      query,
      samples: [{ labels: '{}', value: fires ? 1 : 0 }],
    });
  };

  test.each([
    ['a group that reads nothing', { [lag]: '100+300x60', [written]: '0+300x60' }, true],
    ['a group that is slow', { [lag]: '100+100x60', [written]: '0+300x60' }, false],
    ['a group that keeps up', { [lag]: '10x60', [written]: '0+300x60' }, false],
    ['a topic where nothing happens', { [lag]: '0x60', [written]: '0x60' }, false],
  ])('tell %s', (_what, series, fires) => {
    expect(firing('PenstockTopicStuck', series, fires)).toEqual({ status: 0 });
  });

  const up =
    'cloudsql_googleapis_com:database_up{monitored_resource="cloudsql_database",database_id="mailroom-prod:shop-db"}';
  test.each([
    ['a database that is down', { [up]: '0x60' }, true],
    ['a database that says nothing', {}, true],
    ['a database that is up', { [up]: '1x60' }, false],
  ])('tell %s', (_what, series, fires) => {
    expect(firing('PenstockPostgresDown', series, fires)).toEqual({ status: 0 });
  });
});
