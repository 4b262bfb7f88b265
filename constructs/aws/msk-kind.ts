import { Bytes, type BytesInput } from '@penstock/model';
import { ConstructError } from '../errors.ts';

type Size = 'large' | 'xlarge' | '2xlarge' | '4xlarge' | '8xlarge' | '12xlarge' | '16xlarge';

// Versions as `aws kafka list-kafka-versions` had them active in us-east-1 on 2026-09-14, as others published it; of
// 4.2 CDK's own package says that Express brokers alone have it.

/** Brokers whose disks are ours to size. */
export interface MskProvisioned {
  readonly kind: 'provisioned';
  /** A cluster begins with KRaft or never has it. */
  readonly version: '3.9.x.kraft' | '4.0.x.kraft' | '4.1.x.kraft';
  readonly instance: `kafka.m7g.${Size}`;
  /** @default 1 */
  readonly brokersPerZone?: number;
  /** Disk of each broker: it grows from the one to the other by itself and never shrinks. */
  readonly storage: { readonly initial: BytesInput; readonly maximum: BytesInput };
}

/** Brokers whose storage is Amazon's: three copies, two in sync, always. */
export interface MskExpress {
  readonly kind: 'express';
  readonly version: '3.9.x.kraft' | '4.2.x.kraft';
  readonly instance: `express.m7g.${Size}`;
  /** @default 1 */
  readonly brokersPerZone?: number;
}

/** No brokers to choose. Amazon's calls that make topics do not know this kind: something in the cluster has to. */
export interface MskServerless {
  readonly kind: 'serverless';
  /** Said aloud, because then nobody here makes them. */
  readonly topics: 'made-in-cluster';
}

export type MskKind = MskProvisioned | MskExpress | MskServerless;

/** One copy a zone; a record is acknowledged when two have it. */
export const COPIES = 3;
export const IN_SYNC = 2;

/** What a topic does to the whole cluster is stated here and nowhere defaulted. */
const COMMON = {
  // A misspelt name would become a topic of one partition; topics have one writer.
  'auto.create.topics.enable': 'false',
  // Where IAM does not decide, nobody may.
  'allow.everyone.if.no.acl.found': 'false',
} as const;

const DURABLE = {
  'default.replication.factor': COPIES,
  'min.insync.replicas': IN_SYNC,
  'offsets.topic.replication.factor': COPIES,
  'transaction.state.log.replication.factor': COPIES,
  'transaction.state.log.min.isr': IN_SYNC,
  'unclean.leader.election.enable': 'false',
} as const;

/** `server.properties`. Express brokers own their durability and refuse to be told. */
export function serverProperties(kind: 'provisioned' | 'express'): string {
  const properties = kind === 'express' ? COMMON : { ...COMMON, ...DURABLE };
  return Object.entries(properties)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}

const GIB = 1024 ** 3;
const LARGEST_DISK = 16_384;

/**
 * Disk of a broker in GiB, as Amazon sizes it.
 *
 * @throws {ConstructError} `storage-too-small` when it could not grow, or beyond what a broker has
 */
export function diskSizes({ storage }: MskProvisioned): { readonly initial: number; readonly maximum: number } {
  const gib = (size: BytesInput): number => Math.ceil((Bytes.is(size) ? size : Bytes.parse(size)).bytes / GIB);
  const initial = gib(storage.initial);
  const maximum = gib(storage.maximum);
  if (initial >= 1 && maximum > initial && maximum <= LARGEST_DISK) return { initial, maximum };
  throw new ConstructError(
    'storage-too-small',
    'MSK storage',
    `grows from ${initial} to ${maximum} GiB, expected a maximum above the initial size and at most ${LARGEST_DISK} GiB`,
  );
}
