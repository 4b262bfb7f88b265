import { type QueueProfile, queueProfile, type Topology } from '@penstock/model';
import { ConstructError } from '../errors.ts';
import type { NatsClient, NatsGrant } from './nats-permissions.ts';

/** The public keys (`U...`) of those who may connect. */
export interface NatsKeys {
  /** Of the operator that makes streams and consumers. */
  readonly operator: string;
  /** Of each workload that takes from a queue or publishes to one, by its id. */
  readonly workloads: Readonly<Record<string, string>>;
  /** Who publishes from elsewhere. @default - nobody */
  readonly publishers?: readonly { readonly publicKey: string; readonly queues: readonly string[] }[];
}

/**
 * Everyone who may connect, each with what the flows of the topology ask of it and nothing else.
 *
 * @throws {ConstructError} `reference-missing` for a workload without a key, a key without a workload and a queue that nobody declares
 */
export function natsClientsOf(topology: Topology, keys: NatsKeys): readonly NatsClient[] {
  const grants = grantsOf(topology);
  const idle = Object.keys(keys.workloads).filter((id) => grants[id] === undefined);
  if (idle.length > 0) throw missing(`no workload ${idle.join(', ')} that takes from a queue or publishes to one`);
  const workloads = Object.entries(grants).map(([id, granted]) => {
    const publicKey = keys.workloads[id];
    if (publicKey === undefined) throw missing(`no key of workload ${id}`);
    return { publicKey, grants: granted };
  });
  const publishers = (keys.publishers ?? []).map(({ publicKey, queues }) => ({
    publicKey,
    grants: queues.map((id) => ({ role: 'publisher', queue: profileOf(topology, id) }) as const),
  }));
  return [{ publicKey: keys.operator, grants: [{ role: 'provisioner' }] }, ...workloads, ...publishers];
}

/** Ids of the workloads that take from a queue or publish to one: each has a key of its own. */
export const natsWorkloads = (topology: Topology): readonly string[] => Object.keys(grantsOf(topology));

/** What each workload does on which queues; one that does nothing there has no entry. */
function grantsOf(topology: Topology): Readonly<Record<string, readonly NatsGrant[]>> {
  const consumers = Object.values(topology.workers).map(
    ({ id, queue }) => [id, [{ role: 'consumer', queue: profileOf(topology, queue) }]] as const,
  );
  const publishers = [...Object.values(topology.httpServices), ...Object.values(topology.schedules)].flatMap(
    ({ id, publishes }) => {
      const queues = [...new Set(publishes.map(({ queue }) => queue))];
      if (queues.length === 0) return [];
      return [
        [id, queues.map((queue) => ({ role: 'publisher', queue: profileOf(topology, queue) }) as const)] as const,
      ];
    },
  );
  return Object.fromEntries<readonly NatsGrant[]>([...consumers, ...publishers]);
}

function profileOf(topology: Topology, id: string): QueueProfile {
  const queue = topology.queues[id];
  const worker = Object.values(topology.workers).find((each) => each.queue === id);
  if (queue === undefined || worker === undefined) throw missing(`no queue ${id}`);
  return queueProfile(queue, worker);
}

const missing = (message: string): ConstructError => new ConstructError('reference-missing', 'NATS clients', message);
