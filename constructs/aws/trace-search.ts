import { ArnFormat, Stack } from 'aws-cdk-lib';
import { PolicyDocument, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnResourcePolicy } from 'aws-cdk-lib/aws-logs';
import { CfnTransactionSearchConfig } from 'aws-cdk-lib/aws-xray';
import { Construct } from 'constructs';
import { Binding } from '../binding.ts';
import { ConstructError } from '../errors.ts';

export interface TraceSearchProps {
  /** Name of the policy that lets X-Ray write, once in an account and region. */
  readonly name: string;
  /** Of the traces, those that are found by their summary; all spans are kept and can be searched. */
  readonly indexedPercentage: number;
}

/** Where X-Ray keeps spans, and what it makes of them. Amazon's names. */
const LOG_GROUPS = ['aws/spans', '/aws/application-signals/data'] as const;

/**
 * Lets X-Ray take spans by OTLP and keep them in CloudWatch Logs. A setting of a whole account and region: one stack has
 * it, and the environments beside it say that it is there. What comes has been
 * decided about by the collector in the cluster (docs/adr/0012): all of it is kept, a share is indexed.
 */
export class TraceSearch extends Construct {
  readonly nodes: { readonly config: CfnTransactionSearchConfig; readonly policy: CfnResourcePolicy };

  /** @throws {ConstructError} `quantity-malformed` for a share that is none */
  constructor(scope: Construct, id: string, { name, indexedPercentage }: TraceSearchProps) {
    super(scope, id);
    if (!(indexedPercentage >= 0 && indexedPercentage <= 100))
      throw new ConstructError(
        'quantity-malformed',
        `traces of ${name}`,
        `indexes ${indexedPercentage} percent, expected 0 to 100`,
      );
    const stack = Stack.of(this);
    const statement = new PolicyStatement({
      principals: [new ServicePrincipal('xray.amazonaws.com')],
      actions: ['logs:PutLogEvents'],
      resources: LOG_GROUPS.map((group) =>
        stack.formatArn({
          service: 'logs',
          resource: 'log-group',
          resourceName: `${group}:*`,
          arnFormat: ArnFormat.COLON_RESOURCE_NAME,
        }),
      ),
      conditions: {
        StringEquals: { 'aws:SourceAccount': stack.account },
        ArnLike: { 'aws:SourceArn': `arn:${stack.partition}:xray:${stack.region}:${stack.account}:*` },
      },
    });
    const policy = new CfnResourcePolicy(this, 'Policy', {
      policyName: name,
      policyDocument: stack.toJsonString(new PolicyDocument({ statements: [statement] }).toJSON()),
    });
    const config = new CfnTransactionSearchConfig(this, 'Resource', { indexingPercentage: indexedPercentage });
    // X-Ray tries to write before it says that it will.
    config.node.addDependency(policy);
    this.nodes = { config, policy };
  }
}

/** Where a collector sends spans, signed. Services send theirs to the collector: they have no right in AWS for this. */
export const traceEndpoint = (scope: Construct): Binding<string> => {
  const { region, urlSuffix } = Stack.of(scope);
  return Binding.of(`https://xray.${region}.${urlSuffix}/v1/traces`);
};
