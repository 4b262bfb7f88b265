import type { Bytes } from '@penstock/model';

export interface RabbitMqConfigProps {
  /** Of each node. */
  readonly memory: Bytes;
  /** Whether clients and browsers are let in by TLS alone. */
  readonly tls: boolean;
}

export const RABBITMQ_PORTS = {
  amqp: 5672,
  amqps: 5671,
  management: 15672,
  'management-tls': 15671,
  prometheus: 15692,
  epmd: 4369,
  distribution: 25672,
} as const;
/** Over one of these each replica of a stream is copied. */
export const STREAM_REPLICATION_PORTS = { from: 6000, to: 6500 } as const;

/**
 * Of the memory limit, after which publishers have to wait. The collector copies what it keeps, so that a node may need
 * twice what it holds for a moment, and the rest is the kernel's, which caches segments and is counted too.
 */
const MEMORY_SHARE = 0.5;

/** What is added to the configuration that the operator writes: the later one wins. */
export function rabbitMqConfig({ memory, tls }: RabbitMqConfigProps): string {
  const settings: Readonly<Record<string, string | number>> = {
    // Whoever declares a queue without a type gets one whose confirmed messages are on the disks of a majority.
    default_queue_type: 'quorum',
    // By default a queue is led by the node its first client happened to reach, and that is the first one to be up.
    queue_leader_locator: 'balanced',
    // Until 4.2 and without Khepri the node without a majority stops; from 4.3 everything is Raft and this is not read.
    cluster_partition_handling: 'pause_minority',
    'vm_memory_high_watermark.absolute': Math.floor(memory.bytes * MEMORY_SHARE),
    // As much as the node may have to page out at once.
    'disk_free_limit.absolute': memory.bytes,
    // With TLS the operator closes the plain one, and a scraper knows no authority; a network policy says who may.
    ...(tls ? { 'prometheus.tcp.port': RABBITMQ_PORTS.prometheus } : {}),
  };
  return Object.entries(settings)
    .map(([key, value]) => `${key} = ${value}\n`)
    .join('');
}
