import { Fn } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Binding } from '../binding.ts';

// CDK's own classes miss their interfaces where an optional field may be undefined: only what is read is asked for.
type Bucket = Pick<IBucket, 'bucketArn' | 'arnForObjects'> & { readonly encryptionKey?: IKey | undefined };
type Secret = Pick<ISecret, 'secretArn'> & { readonly encryptionKey?: Pick<IKey, 'keyArn'> | undefined };
type Queue = Pick<IQueue, 'queueArn'> & { readonly encryptionMasterKey?: IKey | undefined };

export interface TopicGrantProps {
  /** ARN of the MSK cluster. */
  readonly cluster: Binding<string>;
  readonly topic: string;
}

export interface EndpointGrantProps {
  readonly endpoint: string;
  /** @default - the endpoint is one model */
  readonly component?: string | undefined;
}

export interface ExchangeGrantProps {
  readonly endpoint: string;
  readonly exchange: Pick<IBucket, 'arnForObjects'>;
  /** Of the bucket: without it neither is a file written nor read. */
  readonly keyArn: string;
}

export interface ModelGrantProps {
  /** Of models and profiles, by their ARN. */
  readonly models: readonly string[];
  /** @default - none */
  readonly guardrail?: { readonly arn: string; readonly keyArn: string } | undefined;
}

/** Where requests of an asynchronous endpoint lie, and where it puts its answers. */
export const EXCHANGE_FOLDERS = { requests: 'requests/', results: 'results/', failures: 'failures/' } as const;

/**
 * One thing that a workload may do, as narrow as AWS can tell it. Made by the factories only: actions and resources of
 * one's own do not typecheck.
 */
export class WorkloadGrant {
  readonly #statements: readonly PolicyStatement[];

  private constructor(statements: readonly PolicyStatement[]) {
    this.#statements = statements;
  }

  /** Reads the weights of one revision: `prefix` is `<model>/<revision>/`. */
  static readWeights(bucket: Bucket, prefix: `${string}/`): WorkloadGrant {
    return new WorkloadGrant([
      new PolicyStatement({ actions: ['s3:GetObject'], resources: [bucket.arnForObjects(`${prefix}*`)] }),
      new PolicyStatement({
        actions: ['s3:ListBucket'],
        resources: [bucket.bucketArn],
        conditions: { StringLike: { 's3:prefix': [`${prefix}*`] } },
      }),
      ...decrypt(bucket.encryptionKey),
    ]);
  }

  /** Reads one topic of MSK as one consumer group. */
  static consumeTopic({ cluster, topic, group }: TopicGrantProps & { readonly group: string }): WorkloadGrant {
    return new WorkloadGrant([
      new PolicyStatement({ actions: ['kafka-cluster:Connect'], resources: [cluster.lower()] }),
      new PolicyStatement({
        actions: ['kafka-cluster:DescribeTopic', 'kafka-cluster:ReadData'],
        resources: [within(cluster, 'topic', topic)],
      }),
      new PolicyStatement({
        actions: ['kafka-cluster:DescribeGroup', 'kafka-cluster:AlterGroup'],
        resources: [within(cluster, 'group', group)],
      }),
    ]);
  }

  /** Writes one topic of MSK, without making it; also idempotently. */
  static produceTopic({ cluster, topic }: TopicGrantProps): WorkloadGrant {
    return new WorkloadGrant([
      new PolicyStatement({
        actions: ['kafka-cluster:Connect', 'kafka-cluster:WriteDataIdempotently'],
        resources: [cluster.lower()],
      }),
      new PolicyStatement({
        actions: ['kafka-cluster:DescribeTopic', 'kafka-cluster:WriteData'],
        resources: [within(cluster, 'topic', topic)],
      }),
    ]);
  }

  static readSecret(secret: Secret): WorkloadGrant {
    return new WorkloadGrant([
      new PolicyStatement({
        actions: ['secretsmanager:GetSecretValue', 'secretsmanager:DescribeSecret'],
        resources: [secret.secretArn],
      }),
      ...decrypt(secret.encryptionKey),
    ]);
  }

  /** Connects to ElastiCache as one user: both by their ARN. */
  static connectCache({ cache, user }: { readonly cache: string; readonly user: string }): WorkloadGrant {
    return new WorkloadGrant([new PolicyStatement({ actions: ['elasticache:Connect'], resources: [cache, user] })]);
  }

  /** Connects to Aurora as one user, whose ARN names the cluster by its resource id. */
  static connectDatabase(user: string): WorkloadGrant {
    return new WorkloadGrant([new PolicyStatement({ actions: ['rds-db:connect'], resources: [user] })]);
  }

  static consumeQueue(queue: Queue): WorkloadGrant {
    return new WorkloadGrant([
      new PolicyStatement({
        actions: [
          'sqs:ReceiveMessage',
          'sqs:DeleteMessage',
          'sqs:ChangeMessageVisibility',
          'sqs:GetQueueAttributes',
          'sqs:GetQueueUrl',
        ],
        resources: [queue.queueArn],
      }),
      ...decrypt(queue.encryptionMasterKey),
    ]);
  }

  static sendToQueue(queue: Queue): WorkloadGrant {
    const key = queue.encryptionMasterKey;
    return new WorkloadGrant([
      new PolicyStatement({
        actions: ['sqs:SendMessage', 'sqs:GetQueueAttributes', 'sqs:GetQueueUrl'],
        resources: [queue.queueArn],
      }),
      ...(key === undefined
        ? []
        : [new PolicyStatement({ actions: ['kms:GenerateDataKey', 'kms:Decrypt'], resources: [key.keyArn] })]),
    ]);
  }

  /** Writes samples to one workspace of Prometheus, and reads none. */
  static writeMetrics(workspace: Binding<string>): WorkloadGrant {
    return new WorkloadGrant([new PolicyStatement({ actions: ['aps:RemoteWrite'], resources: [workspace.lower()] })]);
  }

  /** Sends spans to X-Ray by OTLP. Spans have no name in IAM: there is nothing narrower than the action. */
  static sendTraces(): WorkloadGrant {
    return new WorkloadGrant([
      new PolicyStatement({ actions: ['xray:PutSpans', 'xray:PutSpansForIndexing'], resources: ['*'] }),
    ]);
  }

  /** Asks an endpoint of SageMaker, and the copies on it where it has such: both by their ARN. */
  static invokeEndpoint({ endpoint, component }: EndpointGrantProps): WorkloadGrant {
    return new WorkloadGrant([
      new PolicyStatement({
        actions: ['sagemaker:InvokeEndpoint'],
        resources: [endpoint, ...(component === undefined ? [] : [component])],
      }),
    ]);
  }

  /** Asks an endpoint of SageMaker by a file, and reads the answer from another: both in a bucket with a key of its own. */
  static invokeEndpointAsync({ endpoint, exchange, keyArn }: ExchangeGrantProps): WorkloadGrant {
    const { requests, results, failures } = EXCHANGE_FOLDERS;
    return new WorkloadGrant([
      new PolicyStatement({ actions: ['sagemaker:InvokeEndpointAsync'], resources: [endpoint] }),
      new PolicyStatement({ actions: ['s3:PutObject'], resources: [exchange.arnForObjects(`${requests}*`)] }),
      new PolicyStatement({
        actions: ['s3:GetObject'],
        resources: [results, failures].map((folder) => exchange.arnForObjects(`${folder}*`)),
      }),
      new PolicyStatement({ actions: ['kms:Decrypt', 'kms:GenerateDataKey'], resources: [keyArn] }),
    ]);
  }

  /** Asks these models of Bedrock and no others. With a guardrail, asking without it is refused. */
  static askModels({ models, guardrail }: ModelGrantProps): WorkloadGrant {
    const ask = {
      actions: ['bedrock:InvokeModel', 'bedrock:InvokeModelWithResponseStream'],
      resources: [...models],
    };
    if (guardrail === undefined) return new WorkloadGrant([new PolicyStatement(ask)]);
    const { arn, keyArn } = guardrail;
    return new WorkloadGrant([
      new PolicyStatement({ ...ask, conditions: { ArnLike: { 'bedrock:GuardrailIdentifier': [arn, `${arn}:*`] } } }),
      new PolicyStatement({ actions: ['bedrock:ApplyGuardrail'], resources: [arn] }),
      new PolicyStatement({ actions: ['kms:Decrypt'], resources: [keyArn] }),
    ]);
  }

  /** For the policy that it goes into, and for nothing else. */
  lower(): readonly PolicyStatement[] {
    return this.#statements;
  }
}

/** ARN of a topic or group: that of its cluster with another kind, and its name behind. */
const within = (cluster: Binding<string>, kind: 'topic' | 'group', name: string): string => {
  const parts = Fn.split(':cluster/', cluster.lower(), 2);
  return `${Fn.select(0, parts)}:${kind}/${Fn.select(1, parts)}/${name}`;
};

const decrypt = (key: Pick<IKey, 'keyArn'> | undefined): readonly PolicyStatement[] =>
  key === undefined ? [] : [new PolicyStatement({ actions: ['kms:Decrypt'], resources: [key.keyArn] })];
