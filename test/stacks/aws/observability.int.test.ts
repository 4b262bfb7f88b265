import { expect, test } from '@jest/globals';
import type { CloudFormationTemplate } from '../../../constructs/policies/aws/index.ts';
import { synthesizeAws } from '../../../stacks/aws/synthesize.ts';
import { platform } from '../../../stacks/platform.ts';
import { promtool, promtoolRequirement } from '../../helpers/promtool.ts';
import { describeWith } from '../../helpers/requirement.ts';

const templates = synthesizeAws(platform) as Readonly<Record<string, CloudFormationTemplate>>;

/** The file of rules as the workspace gets it. */
function rulesOf(stack: string): { readonly groups: readonly { readonly rules: readonly unknown[] }[] } {
  const rules = Object.values(templates[stack]?.Resources ?? {}).find(
    ({ Type }) => Type === 'AWS::APS::RuleGroupsNamespace',
  );
  return JSON.parse(rules?.Properties?.['Data'] as string);
}

describeWith(promtoolRequirement(), 'the rules of a workspace, read by Prometheus', () => {
  test.each(['mailroom-dev-observability', 'mailroom-prod-observability'])('are loaded: %s', (stack) => {
    const rules = rulesOf(stack);
    const count = rules.groups.flatMap((group) => group.rules).length;
    const { status, output } = promtool(['check', 'rules', 'rules.yml'], { 'rules.yml': rules });
    expect(output).toContain(`SUCCESS: ${count} rules found`);
    expect(status).toBe(0);
  });

  test('are refused with one that is none', () => {
    const rules = { groups: [{ name: 'broken', rules: [{ alert: 'Broken', expr: 'sum(' }] }] };
    expect(promtool(['check', 'rules', 'rules.yml'], { 'rules.yml': rules }).status).not.toBe(0);
  });
});
