import type { RuleGroup } from '../../../constructs/monitoring/rule.ts';
import type { Manifest } from '../../../constructs/policies/index.ts';
import type { RequestedResource } from '../../../stacks/gcp/requested-resources.ts';

type Labels = Readonly<Record<string, string>>;

/** When somebody is told, in the same words whoever evaluates it. */
export interface PlatformAlert {
  readonly name: string;
  readonly labels: Labels;
  readonly expr: string;
  readonly holdsSeconds: number;
  readonly severity: string;
  readonly runbook: string | undefined;
}

/** The alerts of every PrometheusRule, with what rules record written out. */
export const rulesOf = (manifests: readonly Manifest[]): readonly PlatformAlert[] =>
  manifests
    .filter(({ kind }) => kind === 'PrometheusRule')
    .flatMap(({ spec }) => (spec as { readonly groups: readonly RuleGroup[] }).groups)
    .flatMap(alertsIn);

function alertsIn({ rules }: RuleGroup): readonly PlatformAlert[] {
  const records = rules.filter((rule) => 'record' in rule);
  const writtenOut = (expr: string): string =>
    records.reduce((text, { record, labels, expr: recorded }) => {
      const selector = `${record}{namespace="${labels['namespace']}",objective="${labels['objective']}"}`;
      return text.replaceAll(selector, () => `(${recorded})`);
    }, expr);
  return rules.flatMap((rule) => {
    if (!('alert' in rule)) return [];
    const { severity = 'none', ...labels } = rule.labels;
    return {
      name: rule.alert,
      labels,
      expr: writtenOut(rule.expr),
      holdsSeconds: secondsOf(rule.for ?? '0s'),
      severity,
      runbook: rule.annotations['runbook_url'],
    };
  });
}

interface AlertPolicyInputs {
  readonly severity: string;
  readonly conditions: readonly [
    {
      readonly conditionPrometheusQueryLanguage: {
        readonly query: string;
        readonly duration: string;
        readonly alertRule: string;
        readonly labels: Labels;
      };
    },
  ];
  readonly documentation: { readonly links?: readonly { readonly url: string }[] };
}

/** What Cloud Monitoring is asked to evaluate. */
export const policiesOf = (requested: readonly RequestedResource[]): readonly PlatformAlert[] =>
  requested
    .filter(({ type }) => type === 'gcp:monitoring/alertPolicy:AlertPolicy')
    .map(({ inputs }) => {
      const { severity, conditions, documentation } = inputs as unknown as AlertPolicyInputs;
      const { query, duration, alertRule, labels } = conditions[0].conditionPrometheusQueryLanguage;
      return {
        name: alertRule,
        labels,
        expr: query,
        holdsSeconds: secondsOf(duration),
        severity: severity === 'CRITICAL' ? 'page' : 'ticket',
        runbook: documentation.links?.[0]?.url,
      };
    });

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

function secondsOf(duration: string): number {
  const [, count, unit = ''] = /^(\d+)([smhd])$/.exec(duration) ?? [];
  const seconds = Number(count) * (SECONDS[unit] ?? Number.NaN);
  if (Number.isNaN(seconds)) throw new Error(`no duration: ${duration}`);
  return seconds;
}
