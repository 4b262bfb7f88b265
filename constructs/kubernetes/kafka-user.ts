import type { Bytes, ResolvedTopicConsumer, Topology } from '@penstock/model';
import type { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { ConstructError } from '../errors.ts';
import type { Override } from './api-object.ts';
import type { KafkaAuthentication } from './crd/kafka.ts';
import { kafkaUser } from './crd/kafka-user.ts';
import { aclsOf } from './kafka-acls.ts';
import type { KafkaService } from './kafka-service.ts';
import type { KafkaTopic } from './kafka-topic.ts';
import { platformMetadata } from './labels.ts';
import type { Mount } from './pod-template.ts';

export interface KafkaUserProps<Authentication extends KafkaAuthentication = KafkaAuthentication> {
  readonly topology: Topology;
  /** Of the service; the platform's name comes in front. */
  readonly name: string;
  /** Its listener says how the user authenticates. */
  readonly kafka: KafkaService<Authentication>;
  /** Topics it writes to. @default - none */
  readonly produces?: readonly KafkaTopic[];
  /** Topics it reads, each as one of the topic's declared consumers; it may write to that one's dead letters. @default - none */
  readonly consumes?: readonly { readonly topic: KafkaTopic; readonly consumer: string }[];
  /** Whether it writes in transactions, with ids that begin with `transactionalIdPrefix`. @default false */
  readonly transactional?: boolean;
  /** What it may send and fetch in a second on each broker. @default - as much as there is */
  readonly quotas?: { readonly produce?: Bytes; readonly consume?: Bytes };
  /** Folder of its files in a pod. @default '/var/run/secrets/penstock/kafka' */
  readonly path?: string;
  readonly overrides?: { readonly user?: Override };
}

interface FilesByAuthentication {
  readonly tls: { readonly authority: string; readonly certificate: string; readonly key: string };
  readonly 'scram-sha-512': { readonly authority: string; readonly password: string };
}

/** Where a pod finds what it needs to connect; `authority` signed the brokers. All but the password are PEM. */
export type KafkaFiles<Authentication extends KafkaAuthentication> = FilesByAuthentication[Authentication];

/** Kafka knows a user by the common name of its certificate, which has this many characters at most. */
const LONGEST_NAME = 64;
/** Readable by the pod's own user and group, written by nobody. */
const MODE = 0o440;
/** Of the secret that Strimzi makes beside the user: the keystore and its password stay out of the pod. */
const OWN_FILES = { tls: ['user.crt', 'user.key'], 'scram-sha-512': ['password'] } as const;

/**
 * Who a service is on Kafka, and what it may do there. Strimzi makes the credentials, in the namespace of the cluster:
 * `mount` is for pods of that namespace.
 */
export class KafkaUser<Authentication extends KafkaAuthentication = KafkaAuthentication> extends Construct {
  readonly nodes: { readonly user: ApiObject };
  /** As SASL asks for it, and as the common name of the certificate. */
  readonly username: string;
  /** With a dot at its end, so that it is nobody else's too. */
  readonly transactionalIdPrefix: string;
  readonly mount: Mount;
  readonly files: KafkaFiles<Authentication>;

  /**
   * @throws {ConstructError} `name-too-long` beyond 64 characters; `reference-missing` for a topic of another cluster or
   * a consumer that the topic does not declare
   */
  constructor(scope: Construct, id: string, props: KafkaUserProps<Authentication>) {
    super(scope, id);
    const { topology, kafka, quotas } = props;
    this.username = nameOf(props);
    this.transactionalIdPrefix = `${this.username}.`;
    const acls = aclsOf({
      produces: (props.produces ?? []).map((topic) => own(topic, props).topic),
      consumes: (props.consumes ?? []).map((it) => ({ topic: own(it.topic, props).topic, consumer: consumerOf(it) })),
      transactionalIdPrefix: props.transactional === true ? this.transactionalIdPrefix : undefined,
    });
    this.nodes = {
      user: kafkaUser(
        this,
        'user',
        {
          metadata: {
            ...platformMetadata(topology, this.username, {
              ...kafka.labels,
              'app.kubernetes.io/name': props.name,
              'app.kubernetes.io/component': 'user',
            }),
            namespace: kafka.namespace,
          },
          spec: {
            authentication: { type: kafka.authentication },
            authorization: { type: 'simple', acls },
            ...(quotas === undefined
              ? {}
              : {
                  quotas: {
                    ...(quotas.produce === undefined ? {} : { producerByteRate: quotas.produce.bytes }),
                    ...(quotas.consume === undefined ? {} : { consumerByteRate: quotas.consume.bytes }),
                  },
                }),
          },
        },
        props.overrides?.user,
      ),
    };
    const path = props.path ?? '/var/run/secrets/penstock/kafka';
    this.mount = mountOf(this.username, kafka, path);
    this.files = filesIn(path)[kafka.authentication];
  }
}

function nameOf({ topology, name }: KafkaUserProps): string {
  const username = `${topology.name}-${name}`;
  if (username.length <= LONGEST_NAME) return username;
  throw new ConstructError(
    'name-too-long',
    `Kafka user ${name}`,
    `${username} has ${username.length} characters, expected at most ${LONGEST_NAME}`,
  );
}

function own(topic: KafkaTopic, { name, kafka }: KafkaUserProps): KafkaTopic {
  const place = ({ namespace, name: cluster }: KafkaService): string => `${namespace}/${cluster}`;
  if (place(topic.kafka) === place(kafka)) return topic;
  throw new ConstructError(
    'reference-missing',
    `Kafka user ${name}`,
    `topic ${topic.topic.name} is on ${place(topic.kafka)}, expected one on ${place(kafka)}, where the user is`,
  );
}

function consumerOf(it: { readonly topic: KafkaTopic; readonly consumer: string }): ResolvedTopicConsumer {
  const { id, consumers } = it.topic.topic;
  const found = consumers.find((consumer) => consumer.id === it.consumer);
  if (found !== undefined) return found;
  throw new ConstructError(
    'reference-missing',
    `topics.${id}.consumers.${it.consumer}`,
    `no such consumer is declared, expected one of ${consumers.map((consumer) => consumer.id).join(', ')}`,
  );
}

/** One folder of two secrets: the user's own, and the authority by which it knows the brokers. */
function mountOf(username: string, { authentication, authoritySecret }: KafkaService, path: string): Mount {
  const pick = (name: string, keys: readonly string[]) => ({
    secret: { name, items: keys.map((key) => ({ key, path: key })) },
  });
  return {
    name: 'kafka-user',
    path,
    readOnly: true,
    source: {
      projected: {
        defaultMode: MODE,
        sources: [pick(username, OWN_FILES[authentication]), pick(authoritySecret, ['ca.crt'])],
      },
    },
  };
}

function filesIn(path: string): FilesByAuthentication {
  const authority = `${path}/ca.crt`;
  return {
    tls: { authority, certificate: `${path}/user.crt`, key: `${path}/user.key` },
    'scram-sha-512': { authority, password: `${path}/password` },
  };
}
