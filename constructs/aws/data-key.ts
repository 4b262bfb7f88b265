import { ArnFormat, Aws, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';

export interface DataKeyProps {
  /** What it encrypts, for whoever reads the list of keys. */
  readonly description: string;
}

/** The key of what a platform stores. It outlives its stack: without it, backups and snapshots are noise. */
export class DataKey extends Construct {
  readonly nodes: { readonly key: Key };
  readonly key: Key;

  constructor(scope: Construct, id: string, { description }: DataKeyProps) {
    super(scope, id);
    this.key = new Key(this, 'Resource', {
      description,
      enableKeyRotation: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.nodes = { key: this.key };
    // Log groups do not ask for a grant: the service uses the key by the key's own policy, for groups of this account.
    this.key.grant(
      new ServicePrincipal(`logs.${Aws.REGION}.amazonaws.com`, {
        conditions: {
          ArnLike: {
            'kms:EncryptionContext:aws:logs:arn': Stack.of(this).formatArn({
              service: 'logs',
              resource: 'log-group',
              resourceName: '*',
              arnFormat: ArnFormat.COLON_RESOURCE_NAME,
            }),
          },
        },
      }),
      'kms:Encrypt',
      'kms:Decrypt',
      'kms:ReEncryptFrom',
      'kms:ReEncryptTo',
      'kms:GenerateDataKey',
      'kms:DescribeKey',
    );
  }
}
