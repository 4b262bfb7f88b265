import type { Construct } from 'constructs';
import { emit, type Override } from '../api-object.ts';
import type { CustomResourceProps } from './scaled-object.ts';

/** Names the Account of its namespace by which NACK connects. @default - NACK's own connection */
interface ByAccount {
  readonly account?: string;
}

/** The fields of a NACK Stream that we emit; durations are Go's. NACK's own defaults are memory and one replica. */
export interface StreamSpec extends ByAccount {
  readonly name: string;
  readonly subjects: readonly string[];
  readonly retention: 'workqueue' | 'limits';
  readonly storage: 'file';
  readonly replicas: number;
  readonly discard: 'new' | 'old';
  /** Left out: no age. */
  readonly maxAge?: string;
  readonly maxBytes: number;
  readonly maxMsgSize?: number;
  readonly maxMsgsPerSubject?: number;
  readonly duplicateWindow: string;
  readonly allowDirect?: true;
  readonly allowMsgTtl?: true;
  /** The stream outlives its manifest: deleting one must not delete the items. */
  readonly preventDelete: true;
}

/** The fields of a NACK Consumer that we emit. NACK's own defaults are no acks and an ack wait of one nanosecond. */
export interface ConsumerSpec extends ByAccount {
  readonly streamName: string;
  readonly durableName: string;
  readonly deliverPolicy: 'all';
  readonly replayPolicy: 'instant';
  readonly ackPolicy: 'explicit';
  readonly ackWait: string;
  readonly maxDeliver: number;
  readonly maxAckPending: number;
  readonly filterSubject: string;
  readonly preventDelete: true;
}

/** The fields of a NACK Account that we emit: a connection, not an account on the server. */
export interface AccountSpec {
  readonly name: string;
  readonly servers: readonly string[];
  /** A Secret, and which of its keys is the seed. */
  readonly nkey?: { readonly secret: { readonly name: string }; readonly seed: string };
  /** A Secret, and which of its keys is the authority that signed the servers' certificates. */
  readonly tls?: { readonly secret: { readonly name: string }; readonly ca: string };
}

const API_VERSION = 'jetstream.nats.io/v1beta2';

export function stream(scope: Construct, id: string, props: CustomResourceProps<StreamSpec>, override?: Override) {
  return emit(scope, id, { apiVersion: API_VERSION, kind: 'Stream', ...props }, override);
}

export function consumer(scope: Construct, id: string, props: CustomResourceProps<ConsumerSpec>, override?: Override) {
  return emit(scope, id, { apiVersion: API_VERSION, kind: 'Consumer', ...props }, override);
}

export function account(scope: Construct, id: string, props: CustomResourceProps<AccountSpec>, override?: Override) {
  return emit(scope, id, { apiVersion: API_VERSION, kind: 'Account', ...props }, override);
}
