import type { Construct } from 'constructs';
import { emit, type Override } from '../api-object.ts';
import type { CustomResourceProps } from './scaled-object.ts';

/** The fields of a NACK Stream that we emit; durations are Go's. NACK's own defaults are memory and one replica. */
export interface StreamSpec {
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
export interface ConsumerSpec {
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

const API_VERSION = 'jetstream.nats.io/v1beta2';

export function stream(scope: Construct, id: string, props: CustomResourceProps<StreamSpec>, override?: Override) {
  return emit(scope, id, { apiVersion: API_VERSION, kind: 'Stream', ...props }, override);
}

export function consumer(scope: Construct, id: string, props: CustomResourceProps<ConsumerSpec>, override?: Override) {
  return emit(scope, id, { apiVersion: API_VERSION, kind: 'Consumer', ...props }, override);
}
