import { Duration } from '@penstock/model';
import { monitoring } from '@pulumi/gcp';
import type { CustomResourceOptions, Input } from '@pulumi/pulumi';
import type { GroupedAlert } from './inlined-records.ts';

/** Full names of channels, `projects/<project>/notificationChannels/<id>`, by what an alert asks of people. */
export interface Notified {
  /** Wakes somebody. */
  readonly pages: readonly Input<string>[];
  /** Waits for the morning. */
  readonly tickets: readonly Input<string>[];
}

/** An alert whose expression may have a name in it that only the cloud gives. */
export interface PolicyAlert extends Omit<GroupedAlert, 'expr'> {
  readonly expr: Input<string>;
}

const UNITS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;

/** Of Prometheus, in the seconds that the API takes. */
function seconds(duration: string): string {
  const [, count = '0', unit = 's'] = /^(\d+)([smhd])$/.exec(duration) ?? [];
  return `${Duration.seconds(Number(count) * UNITS[unit as keyof typeof UNITS]).toSeconds()}s`;
}

/** The policy of one rule. Its name is that of the alert and of what it is told apart by, and never of a limit. */
export function alertPolicy(
  platform: string,
  rule: PolicyAlert,
  { pages, tickets }: Notified,
  options: CustomResourceOptions,
): monitoring.AlertPolicy {
  const { severity, ...identity } = rule.labels;
  const page = severity === 'page';
  const { summary = rule.alert, description = '', runbook_url: runbook } = rule.annotations;
  return new monitoring.AlertPolicy(
    policyName(platform, rule),
    {
      displayName: `${platform}: ${summary}`,
      combiner: 'OR',
      severity: page ? 'CRITICAL' : 'WARNING',
      notificationChannels: [...(page ? pages : tickets)],
      conditions: [
        {
          displayName: rule.alert,
          conditionPrometheusQueryLanguage: {
            query: rule.expr,
            duration: seconds(rule.for ?? '0s'),
            evaluationInterval: seconds(rule.interval),
            alertRule: rule.alert,
            ruleGroup: rule.group,
            labels: identity,
            // Before the first deployment nothing is measured yet, and a metric that is not there would be refused.
            disableMetricValidation: true,
          },
        },
      ],
      documentation: {
        subject: `${rule.alert}: ${summary}`,
        content: written(description),
        mimeType: 'text/markdown',
        ...(runbook === undefined ? {} : { links: [{ displayName: 'What to look at', url: runbook }] }),
      },
      userLabels: { platform, severity: page ? 'page' : 'ticket' },
    },
    options,
  );
}

/** Stable for as long as the same thing is watched: a policy that gets another limit stays the same policy. */
export function policyName(platform: string, { alert, labels }: Pick<PolicyAlert, 'alert' | 'labels'>): string {
  const { severity: _severity, namespace: _namespace, ...identity } = labels;
  return [platform, alert, ...new Set(Object.values(identity))].join('-').replaceAll(/[^A-Za-z0-9-]+/g, '-');
}

/** Templates of Prometheus are not those of Cloud Monitoring: labels have a variable there, the value has none. */
function written(description: string): string {
  const labelled = description.replaceAll(
    /\{\{ \$labels\.(\w+) \}\}/g,
    (_all, label: string) => `\${metric_or_resource.label.${label}}`,
  );
  const valued = labelled.replaceAll(/\{\{ \$value[^}]*\}\}/g, 'N');
  return valued === labelled ? labelled : `${valued}\n\nN is the value in the chart of the incident.`;
}
