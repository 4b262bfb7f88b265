import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { CfnRuleGroupsNamespace, CfnWorkspace } from 'aws-cdk-lib/aws-aps';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { Binding } from '../binding.ts';
import { ConstructError } from '../errors.ts';
import { platformRules, type WatchedPlatform } from '../monitoring/platform-rules.ts';
import { alertRouting } from './alert-routing.ts';
import type { AlertTopics } from './alert-topics.ts';

export interface ManagedPrometheusProps {
  /** Of the workspace, for people; Amazon gives it an id of its own. */
  readonly name: string;
  readonly watched: WatchedPlatform;
  readonly topics: AlertTopics;
  readonly key: IKey;
  /** How long samples are kept: no objective may look further back. @default 150 */
  readonly retentionDays?: number;
}

const LONGEST_RETENTION_DAYS = 1095;

/**
 * Prometheus as Amazon runs it: it keeps samples, evaluates the platform's own rules and tells the topics. It scrapes
 * nothing: whoever runs in the cluster scrapes there and writes here. A scraper of Amazon's would come from outside of
 * the cluster, where the network policies of the workloads let nobody in but pods of the monitoring namespace, and it
 * does not read the PodMonitors that say what is to be scraped.
 */
export class ManagedPrometheus extends Construct {
  /** The raw resources. For what no prop offers, change them. */
  readonly nodes: {
    readonly workspace: CfnWorkspace;
    readonly rules: CfnRuleGroupsNamespace;
    readonly logs: LogGroup;
  };
  /** Where Prometheus in a cluster writes to, signed by the identity of its pods. */
  readonly remoteWrite: Binding<string>;
  /** ARN of the workspace: what a right to write is given on. */
  readonly workspace: Binding<string>;
  /** By which its own metrics are told apart. */
  readonly workspaceId: string;

  /** @throws {ConstructError} `window-too-short` for a retention that an objective's window does not fit into */
  constructor(scope: Construct, id: string, props: ManagedPrometheusProps) {
    super(scope, id);
    const { name, watched, topics, key } = props;
    const retentionPeriodInDays = retentionOf(name, watched.topology.objectives, props.retentionDays);
    const logs = new LogGroup(this, 'Logs', {
      logGroupName: `/aws/vendedlogs/prometheus/${name}`,
      encryptionKey: key,
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const workspace = new CfnWorkspace(this, 'Resource', {
      alias: name,
      kmsKeyArn: key.keyArn,
      // Why a rule failed and why a message was not sent: nothing else says it.
      loggingConfiguration: { logGroupArn: logs.logGroupArn },
      workspaceConfiguration: { retentionPeriodInDays },
      alertManagerDefinition: alertRouting({
        topics: { page: topics.nodes.page.topicArn, ticket: topics.nodes.ticket.topicArn },
        region: Stack.of(this).region,
      }),
    });
    workspace.applyRemovalPolicy(RemovalPolicy.RETAIN);
    const rules = new CfnRuleGroupsNamespace(this, 'Rules', {
      workspace: workspace.attrArn,
      name: watched.topology.name,
      data: JSON.stringify({ groups: platformRules(watched) }, undefined, 1),
    });
    this.nodes = { workspace, rules, logs };
    this.remoteWrite = Binding.of(`${workspace.attrPrometheusEndpoint}api/v1/remote_write`);
    this.workspace = Binding.of(workspace.attrArn);
    this.workspaceId = workspace.attrWorkspaceId;
  }

  /** What somebody may do who looks at its samples. */
  read(): readonly PolicyStatement[] {
    return [
      new PolicyStatement({
        actions: ['aps:QueryMetrics', 'aps:GetLabels', 'aps:GetSeries', 'aps:GetMetricMetadata'],
        resources: [this.nodes.workspace.attrArn],
      }),
    ];
  }
}

/** In days. @throws {ConstructError} `window-too-short` for less than an objective looks back, or more than Amazon keeps */
export function retentionOf(
  name: string,
  objectives: ManagedPrometheusProps['watched']['topology']['objectives'],
  days = 150,
): number {
  const longest = Math.max(1, ...Object.values(objectives).map(({ window }) => window.inSeconds / 86_400));
  if (Number.isInteger(days) && days >= longest && days <= LONGEST_RETENTION_DAYS) return days;
  throw new ConstructError(
    'window-too-short',
    `workspace ${name}`,
    `keeps samples for ${days} days, expected whole days from ${Math.ceil(longest)}, the longest window of an objective, to ${LONGEST_RETENTION_DAYS}`,
  );
}
