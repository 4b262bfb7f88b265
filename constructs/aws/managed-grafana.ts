import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { CfnWorkspace } from 'aws-cdk-lib/aws-grafana';
import { Policy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { Binding } from '../binding.ts';
import { exempt } from './exemption.ts';
import type { ManagedPrometheus } from './managed-prometheus.ts';
import { physicalName } from './physical-name.ts';

export interface ManagedGrafanaProps {
  readonly name: string;
  readonly prometheus: ManagedPrometheus;
  /** Lists of address ranges that browsers may come from. @default - any; IAM Identity Center decides who gets in */
  readonly prefixLists?: readonly [string, ...string[]];
  /** @default '10.4' */
  readonly version?: `${number}.${number}`;
}

/** None of these can be given on less than everything: metrics and traces have no names of their own in IAM. */
const READS = [
  'cloudwatch:GetMetricData',
  'cloudwatch:ListMetrics',
  'xray:BatchGetTraces',
  'xray:GetServiceGraph',
  'xray:GetTraceGraph',
  'xray:GetTraceSummaries',
] as const;

const WHY_EVERYTHING = 'metrics of CloudWatch and traces of X-Ray cannot be named in a policy; they are only read';

/**
 * Grafana as Amazon runs it. People come in by IAM Identity Center, and what they see is read by one role with the rights
 * stated here: with rights that Amazon manages, it would read every workspace and every log of the account. Dashboards
 * are brought by whoever deploys: Amazon has no resource for them.
 */
export class ManagedGrafana extends Construct {
  readonly nodes: { readonly workspace: CfnWorkspace; readonly role: Role; readonly rights: Policy };
  /** Host name that browsers open. */
  readonly host: Binding<string>;

  /** @throws {ConstructError} `name-too-long`, `name-malformed` */
  constructor(scope: Construct, id: string, props: ManagedGrafanaProps) {
    super(scope, id);
    const name = physicalName('Grafana workspace', props.name);
    const stack = Stack.of(this);
    const role = new Role(this, 'Role', {
      description: `What Grafana ${name} reads`,
      assumedBy: new ServicePrincipal('grafana.amazonaws.com', {
        conditions: {
          StringEquals: { 'aws:SourceAccount': stack.account },
          // Its own id is known only when the role is there.
          StringLike: {
            'aws:SourceArn': `arn:${stack.partition}:grafana:${stack.region}:${stack.account}:/workspaces/*`,
          },
        },
      }),
    });
    const rights = new Policy(this, 'Rights', {
      roles: [role],
      statements: [...props.prometheus.read(), new PolicyStatement({ actions: [...READS], resources: ['*'] })],
    });
    exempt(rights, { because: WHY_EVERYTHING, policies: ['rights-least'], nag: ['IAM5[Resource::*]'] });
    const workspace = new CfnWorkspace(this, 'Resource', {
      name,
      description: `Dashboards of ${name}`,
      accountAccessType: 'CURRENT_ACCOUNT',
      authenticationProviders: ['AWS_SSO'],
      permissionType: 'CUSTOMER_MANAGED',
      roleArn: role.roleArn,
      dataSources: ['PROMETHEUS', 'CLOUDWATCH', 'XRAY'],
      grafanaVersion: props.version ?? '10.4',
      // A plug-in runs with the rights of the role.
      pluginAdminEnabled: false,
      ...(props.prefixLists === undefined
        ? {}
        : { networkAccessControl: { prefixListIds: [...props.prefixLists], vpceIds: [] } }),
    });
    workspace.applyRemovalPolicy(RemovalPolicy.RETAIN);
    this.nodes = { workspace, role, rights };
    this.host = Binding.of(workspace.attrEndpoint);
  }
}
