import { ConstructError } from '../../errors.ts';
import type { AlertingRule, RecordingRule, RuleGroup } from '../../monitoring/rule.ts';

export interface GroupedAlert extends AlertingRule {
  readonly group: string;
  readonly interval: string;
}

/**
 * The alerts of all groups, with each recorded series replaced by what it records. Policies of Cloud Monitoring record
 * nothing, and look back for as long as they have to.
 *
 * @throws {ConstructError} `reference-missing` for a series that is recorded with other labels than the alert asks for
 */
export function inlinedAlerts(groups: readonly RuleGroup[]): readonly GroupedAlert[] {
  const records = groups.flatMap(({ rules }) => rules.filter((rule) => 'record' in rule));
  const names = new Set(records.map(({ record }) => record));
  const inline = (expr: string): string =>
    expr.replaceAll(SELECTOR, (selector: string, name: string, matchers: string) => {
      if (!names.has(name)) return selector;
      const found = records.find((each) => each.record === name && matches(each, matchers));
      if (found !== undefined) return `(${found.expr})`;
      throw new ConstructError('reference-missing', selector, 'no rule records it with these labels');
    });
  return groups.flatMap(({ name, interval, rules }) =>
    rules.flatMap((rule) => ('alert' in rule ? [{ ...rule, expr: inline(rule.expr), group: name, interval }] : [])),
  );
}

/** `name{label="value",...}`, with a colon in its name as recorded series have one. */
const SELECTOR = /([A-Za-z_]\w*:[\w:]+)\{([^}]*)\}/g;
const MATCHER = /(\w+)="([^"]*)"/g;

const matches = ({ labels }: RecordingRule, matchers: string): boolean =>
  [...matchers.matchAll(MATCHER)].every(([, label = '', value]) => labels[label] === value);
