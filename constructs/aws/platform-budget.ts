import type { Topology } from '@penstock/model';
import { CfnBudget } from 'aws-cdk-lib/aws-budgets';
import { Construct } from 'constructs';
import { ConstructError } from '../errors.ts';
import { COST_TAGS } from './cost-tags.ts';

export interface PlatformBudgetProps {
  readonly topology: Topology;
  /** Whose costs, by the tag of its stacks. */
  readonly environment: string;
  readonly monthlyUsd: number;
  /** Who is written to. */
  readonly emails: readonly [string, ...string[]];
}

/** Shares of the month's budget: what was spent, and what it will come to when nothing changes. */
const WARNINGS = [
  { notificationType: 'ACTUAL', threshold: 80 },
  { notificationType: 'FORECASTED', threshold: 100 },
] as const;

/** Tells people before the month is over what it will cost. Amazon stops nothing, and counts some hours behind. */
export class PlatformBudget extends Construct {
  readonly nodes: { readonly budget: CfnBudget };

  /** @throws {ConstructError} `quantity-malformed` for a budget of nothing */
  constructor(scope: Construct, id: string, { topology, environment, monthlyUsd, emails }: PlatformBudgetProps) {
    if (!(monthlyUsd > 0))
      throw new ConstructError(
        'quantity-malformed',
        'budget',
        `received ${monthlyUsd} USD a month, expected more than 0`,
      );

    super(scope, id);
    const budget = new CfnBudget(this, 'Resource', {
      budget: {
        budgetName: `${topology.name}-${environment}`,
        budgetType: 'COST',
        timeUnit: 'MONTHLY',
        budgetLimit: { amount: monthlyUsd, unit: 'USD' },
        costFilters: {
          TagKeyValue: [`user:${COST_TAGS.environment}$${topology.name}-${environment}`],
        },
      },
      notificationsWithSubscribers: WARNINGS.map(({ notificationType, threshold }) => ({
        notification: { comparisonOperator: 'GREATER_THAN', notificationType, threshold, thresholdType: 'PERCENTAGE' },
        subscribers: emails.map((address) => ({ address, subscriptionType: 'EMAIL' })),
      })),
    });
    this.nodes = { budget };
  }
}
