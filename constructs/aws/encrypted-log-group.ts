import { ArnFormat, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

export interface EncryptedLogGroupProps {
  /** The key lets in the group of this name and no other. */
  readonly logGroupName: string;
  /** @default RetentionDays.ONE_YEAR */
  readonly retention?: RetentionDays;
}

/** Logs that are kept for a stated time, under a key of their own. Both outlive their stack: they say why it went. */
export class EncryptedLogGroup extends Construct {
  readonly nodes: { readonly logGroup: LogGroup; readonly key: Key };

  constructor(scope: Construct, id: string, { logGroupName, retention }: EncryptedLogGroupProps) {
    super(scope, id);
    const stack = Stack.of(this);
    const key = new Key(this, 'Key', {
      description: `Logs of ${logGroupName}`,
      enableKeyRotation: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    key.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal(`logs.${stack.region}.${stack.urlSuffix}`)],
        actions: [
          'kms:Encrypt',
          'kms:Decrypt',
          'kms:ReEncryptFrom',
          'kms:ReEncryptTo',
          'kms:GenerateDataKey',
          'kms:DescribeKey',
        ],
        // In a policy on a key, `*` is that key.
        resources: ['*'],
        conditions: {
          ArnEquals: {
            'kms:EncryptionContext:aws:logs:arn': stack.formatArn({
              service: 'logs',
              resource: 'log-group',
              resourceName: logGroupName,
              arnFormat: ArnFormat.COLON_RESOURCE_NAME,
            }),
          },
        },
      }),
    );
    const logGroup = new LogGroup(this, 'LogGroup', {
      logGroupName,
      encryptionKey: key,
      retention: retention ?? RetentionDays.ONE_YEAR,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.nodes = { logGroup, key };
  }
}
