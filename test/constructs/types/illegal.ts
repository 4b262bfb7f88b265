import { Binding } from '../../../constructs/binding.ts';
import type {
  EdgeRouteProps,
  KafkaClusterProps,
  KafkaFiles,
  KafkaSize,
  KafkaTopicProps,
  KafkaUser,
  KafkaUserProps,
  SyncedSecretProps,
  WorkerProps,
} from '../../../constructs/kubernetes/index.ts';
import { SecretReference } from '../../../constructs/secret-reference.ts';

// Compiled by types.test.ts and never run: each line below an @ts-expect-error must not compile.

type Files = SyncedSecretProps['files'];

export const named: Files = { token: SecretReference.inStore({ key: Binding.of('mailroom/token') }) };
// @ts-expect-error a secret's value where its name belongs
export const value: Files = { token: 'hf_0123456789' };
// @ts-expect-error a value that is bound late is a value still
export const bound: Files = { token: Binding.of('hf_0123456789') };
// @ts-expect-error an object of the same shape is no reference
export const shaped: Files = { token: { lower: () => ({ key: 'hf_0123456789' }) } };
// @ts-expect-error a reference is made of a name that may be known late, not of a text somebody pasted
SecretReference.inStore({ key: 'hf_0123456789' });
// @ts-expect-error a reference has no value to read
export const read: string = SecretReference.inStore({ key: Binding.of('mailroom/token') }).value;

// @ts-expect-error a secret goes into a pod as a file, never as a variable
export const variable: WorkerProps['addresses'] = { TOKEN: SecretReference.inStore({ key: Binding.of('token') }) };
// @ts-expect-error an address is a binding: a plain text cannot be bound late by whoever comes next
export const address: WorkerProps['bus'] = 'nats://nats:4222';
// @ts-expect-error a route that lets everything through
export const everything: EdgeRouteProps['match'] = { protocol: 'http', paths: [] };
// @ts-expect-error paths are of HTTP, services of gRPC
export const mixed: EdgeRouteProps['match'] = { protocol: 'grpc', paths: ['/v1'] };

/** The credentials of a Kafka user go into a worker as any other secret does. */
export const mounted = (user: KafkaUser): WorkerProps['secrets'] => [user];
// @ts-expect-error one broker keeps no promise
export const lone: KafkaSize = { brokers: 1, controllers: 1, durability: 'replicated' };
// @ts-expect-error four controllers lose their majority with two, as three do
export const even: KafkaSize = { brokers: 3, controllers: 4, durability: 'replicated' };
// @ts-expect-error a listener without clients is one for everyone
export const open: KafkaClusterProps['clientNamespaces'] = [];
// @ts-expect-error a cluster is more than its name
export const loose: KafkaTopicProps['kafka'] = 'events';
// @ts-expect-error who comes with a certificate has no password
export const password = (files: KafkaFiles<'tls'>) => files.password;
// @ts-expect-error how a user authenticates is said by the listener alone
export const method: KafkaUserProps['authentication'] = 'tls';
