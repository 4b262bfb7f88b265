import type { TemplatePolicy } from '../policy.ts';
import { at } from '../template.ts';

/** Where the logs of rules 2, 6 and 17 go. */
export const logsKept: TemplatePolicy = {
  id: 'logs-kept',
  rules: [2, 6, 17],
  source: 'AWS Security Hub (CloudWatch.16), trivy (cloudwatch)',
  reason: 'what was logged is read by every right in the account, and is paid for until somebody looks',
  types: ['AWS::Logs::LogGroup'],
  check: (group) => [
    at(group, 'KmsKeyId') === undefined && 'has no key of its own',
    typeof at(group, 'RetentionInDays') !== 'number' && 'is kept for ever, expected a stated time',
  ],
};
