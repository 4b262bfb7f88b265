import type { Topology } from '@penstock/model';
import { App } from 'cdk8s';
import { natsWorkloads } from '../../constructs/kubernetes/index.ts';
import type { AwsEnvironment } from '../environments/aws-environment.ts';
import { brokerOf } from '../kubernetes/broker.ts';
import { type EnvironmentFault, refusalOf } from './environment-error.ts';
import { brokerIn } from './platform-in-cluster.ts';

const PATH = 'workloads.nats.cluster';

/** Of the servers of the platform's queues, and of who gets in. */
export function brokerFaults(topology: Topology, { name, workloads }: AwsEnvironment): readonly EnvironmentFault[] {
  const broker = brokerIn(workloads);
  if (broker === undefined) return [];
  const named = natsWorkloads(topology);
  const given = Object.keys(broker.clients);
  const queues = Object.keys(topology.queues);
  const faults: readonly EnvironmentFault[] = [
    ...named
      .filter((id) => !given.includes(id))
      .map((id) => missing(`clients.${id}`, 'nothing', 'a key of its own: it takes from a queue or publishes to one')),
    ...given
      .filter((id) => !named.includes(id))
      .map((id) =>
        missing(
          `clients.${id}`,
          id,
          `who takes from a queue or publishes to one: ${named.join(', ') || 'nobody does'}`,
        ),
      ),
    ...(broker.publishers ?? []).flatMap(({ namespace, queues: published }) =>
      published
        .filter((id) => !queues.includes(id))
        .map((id) => missing(`publishers.${namespace}`, id, `a queue: ${queues.join(', ') || 'there is none'}`)),
    ),
  ];
  if (faults.length > 0) return faults;
  return refusalOf(() => brokerOf(new App(), 'broker', topology, { ...workloads, name }), {
    path: PATH,
    received: `${broker.servers} servers with ${broker.storage.size} each`,
    repair: 'change the servers or their storage to what is expected',
  });
}

const missing = (what: string, received: string, expected: string): EnvironmentFault => ({
  code: 'reference-missing',
  path: `${PATH}.${what}`,
  received,
  expected,
  repair:
    received === 'nothing'
      ? 'make a key by `nk -gen user -pubout`, and write its public part'
      : 'correct it, or leave it out',
});
