import { ArnFormat, Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import { physicalName } from './physical-name.ts';

/** The severities of every alert: a page wakes somebody, a ticket waits for the morning. */
export type Severity = 'page' | 'ticket';

export interface AlertTopicsProps {
  /** First part of the topics' names, once in an account and region. */
  readonly name: string;
  /** Of what is sent. Its policy is extended by those who send. */
  readonly key: Key;
  /** Who is told by mail; each has to confirm once. Others (a pager, a chat) subscribe to the topics. */
  readonly emails: Readonly<Record<Severity, readonly string[]>>;
}

/** Whose news come here: alarms of CloudWatch, and the Alertmanager of a workspace of Prometheus. */
const SENDERS = [
  { service: 'cloudwatch', resource: 'alarm', arnFormat: ArnFormat.COLON_RESOURCE_NAME },
  { service: 'aps', resource: 'workspace', arnFormat: ArnFormat.SLASH_RESOURCE_NAME },
] as const;

/**
 * Where alerts go, by how soon somebody has to look. Encrypted under a key of ours: by the one that SNS keeps, alarms
 * cannot be sent at all, and nothing says so.
 */
export class AlertTopics extends Construct {
  readonly nodes: Readonly<Record<Severity, Topic>>;

  /** @throws {ConstructError} `name-too-long`, `name-malformed` */
  constructor(scope: Construct, id: string, { name, key, emails }: AlertTopicsProps) {
    super(scope, id);
    const stack = Stack.of(this);
    for (const { service } of SENDERS) {
      key.addToResourcePolicy(
        new PolicyStatement({
          principals: [new ServicePrincipal(`${service}.amazonaws.com`)],
          actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
          // In the policy of a key, `*` is that key.
          resources: ['*'],
          conditions: { StringEquals: { 'aws:SourceAccount': stack.account } },
        }),
      );
    }
    const topic = (severity: Severity): Topic => {
      const made = new Topic(this, severity === 'page' ? 'Pages' : 'Tickets', {
        topicName: physicalName('topic', `${name}-${severity}`),
        masterKey: key,
        enforceSSL: true,
      });
      for (const { service, resource, arnFormat } of SENDERS) {
        made.addToResourcePolicy(
          new PolicyStatement({
            principals: [new ServicePrincipal(`${service}.amazonaws.com`)],
            // Prometheus looks at the topic before it sends.
            actions: service === 'aps' ? ['sns:Publish', 'sns:GetTopicAttributes'] : ['sns:Publish'],
            resources: [made.topicArn],
            conditions: {
              StringEquals: { 'aws:SourceAccount': stack.account },
              ArnLike: { 'aws:SourceArn': stack.formatArn({ service, resource, resourceName: '*', arnFormat }) },
            },
          }),
        );
      }
      for (const address of emails[severity]) made.addSubscription(new EmailSubscription(address));
      return made;
    };
    this.nodes = { page: topic('page'), ticket: topic('ticket') };
  }
}
