import { Binding } from '../binding.ts';
import type { KafkaAuthentication } from './crd/kafka.ts';

export interface KafkaServiceProps<Authentication extends KafkaAuthentication> {
  /** Name of the Strimzi `Kafka` object. @default 'kafka' */
  readonly name?: string;
  /** Its operators look for topics and users here and nowhere else. */
  readonly namespace: string;
  /** Of the listener that clients use. */
  readonly authentication: Authentication;
  readonly brokers: number;
  readonly controllers: number;
}

/** One copy may be away while writers go on; two in sync keep what was acknowledged. */
const COPIES = 3;

/**
 * A Kafka cluster of Strimzi's. Topics, users and monitors take it instead of a name, so that they lie where its
 * operators look, have as many copies as it can hold, and authenticate the way its listener asks.
 */
export class KafkaService<Authentication extends KafkaAuthentication = KafkaAuthentication> {
  static readonly port = 9093;

  readonly name: string;
  readonly namespace: string;
  readonly authentication: Authentication;
  readonly brokers: number;
  readonly controllers: number;
  /** Of every partition. */
  readonly copies: number;
  /** Copies that have an event before it is acknowledged. */
  readonly inSync: number;
  /** What makes an object one of this cluster's, for Strimzi. */
  readonly labels: Readonly<Record<'strimzi.io/cluster', string>>;
  /** Secret in its namespace with the authority that signed its brokers, as `ca.crt`. */
  readonly authoritySecret: string;

  constructor(props: KafkaServiceProps<Authentication>) {
    this.name = props.name ?? 'kafka';
    this.namespace = props.namespace;
    this.authentication = props.authentication;
    this.brokers = props.brokers;
    this.controllers = props.controllers;
    this.copies = Math.min(props.brokers, COPIES);
    this.inSync = Math.max(1, this.copies - 1);
    this.labels = { 'strimzi.io/cluster': this.name };
    this.authoritySecret = `${this.name}-cluster-ca-cert`;
  }

  /** Where clients begin: host and port of any broker, over TLS. */
  get bootstrap(): Binding<string> {
    return Binding.of(`${this.name}-kafka-bootstrap.${this.namespace}.svc.cluster.local:${KafkaService.port}`);
  }
}
