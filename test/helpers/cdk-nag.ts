import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type App, type Stack, Validations } from 'aws-cdk-lib';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { AwsSolutionsChecks } from 'cdk-nag';

interface Report {
  readonly pluginReports: readonly {
    readonly pluginName: string;
    readonly violations: readonly {
      readonly ruleName: string;
      readonly violatingConstructs?: readonly { readonly constructPath?: string }[];
    }[];
  }[];
}

/** Known to be wrong: who says nothing of it has not looked. */
const CONTROL = 'Control';

/** The rules of AwsSolutions that a stack breaks and where, as the report of its synthesis has them. */
export function violationsOf(stack: Stack): readonly string[] {
  const app = stack.node.root as App;
  new Queue(stack, CONTROL);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  try {
    app.synth();
  } catch {
    // Violations fail the synthesis; the report says which.
  }
  const { pluginReports } = JSON.parse(readFileSync(join(app.outdir, 'validation-report.json'), 'utf8')) as Report;
  const found = pluginReports
    .filter(({ pluginName }) => pluginName === 'AwsSolutions')
    .flatMap(({ violations }) => violations)
    .flatMap(({ ruleName, violatingConstructs }) =>
      (violatingConstructs ?? [{}]).map(({ constructPath }) => `${ruleName} ${constructPath ?? ''}`),
    );
  const control = `${stack.node.path}/${CONTROL}/`;
  if (!found.some((each) => each.includes(control))) throw new Error('cdk-nag did not look');
  return found.filter((each) => !each.includes(control));
}
