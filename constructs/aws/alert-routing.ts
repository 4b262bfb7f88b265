import type { Severity } from './alert-topics.ts';

export interface AlertRoutingProps {
  /** ARNs of the topics. */
  readonly topics: Readonly<Record<Severity, string>>;
  readonly region: string;
}

/** What is told apart; all alerts of one of them come as one message. */
const SUBJECT = ['namespace', 'queue', 'engine', 'job', 'severity'] as const;

/**
 * The definition of an Alertmanager as Amazon takes it: Prometheus's own format, as a text inside of a document. JSON is
 * YAML. While a budget burns fast, the slower alerts of the same objective say nothing new.
 */
export function alertRouting({ topics, region }: AlertRoutingProps): string {
  const receiver = (severity: Severity) => ({
    name: severity,
    sns_configs: [
      {
        topic_arn: topics[severity],
        sigv4: { region },
        attributes: { severity },
        send_resolved: true,
      },
    ],
  });
  return JSON.stringify({
    alertmanager_config: JSON.stringify({
      route: {
        receiver: 'ticket',
        group_by: SUBJECT,
        group_wait: '30s',
        group_interval: '5m',
        repeat_interval: '12h',
        routes: [{ matchers: ['severity="page"'], receiver: 'page', repeat_interval: '1h' }],
      },
      inhibit_rules: [
        {
          source_matchers: ['alertname="PenstockBudgetBurn"', 'severity="page"'],
          target_matchers: ['alertname="PenstockBudgetBurn"', 'severity="ticket"'],
          equal: ['namespace', 'objective'],
        },
      ],
      receivers: [receiver('page'), receiver('ticket')],
    }),
  });
}
