import { specOf } from '../manifest.ts';
import { kindPolicy } from '../policy.ts';

interface RuleSpec {
  readonly groups: readonly {
    readonly rules?: readonly {
      readonly alert?: string;
      readonly labels?: Readonly<Record<string, string>>;
      readonly annotations?: Readonly<Record<string, string>>;
    }[];
  }[];
}

/** Rule 48, for whoever is woken. */
export const alertRoutable = kindPolicy(
  {
    id: 'alert-routable',
    rules: [48],
    source: 'EKS Best Practices (observability), common practice of Alertmanager',
    reason: 'an alert without a severity reaches nobody, and one without a text is read by nobody',
  },
  ['PrometheusRule'],
  (manifest) =>
    (specOf<RuleSpec>(manifest).groups ?? [])
      .flatMap(({ rules = [] }) => rules)
      .filter(({ alert }) => alert !== undefined)
      .flatMap(({ alert, labels, annotations }) => [
        (labels?.['severity'] ?? '') === '' && `alert ${alert} has no severity`,
        (annotations?.['summary'] ?? '') === '' && `alert ${alert} has no summary`,
      ]),
);
