import { freePorts } from '../test/helpers/free-ports.ts';
import { KafkaBroker } from '../test/helpers/kafka-broker.ts';
import type { Backbone } from './backbone.ts';
import type { Plan } from './plan.ts';
import { closeNetworks, openNetworks } from './single-server.ts';

const at = (port: number): string => `127.0.0.1:${port}`;

/** In which a worker has to speak to stay in its group: short, so that what a killed one held comes back within a run. */
const SESSION_MS = 1_500;

/** @param plan of whom its topics are made for: with one partition the order of the queue can be seen */
export function kafkaAddress(brokers: string, plan?: Plan, sessionMs = SESSION_MS): string {
  const partitions = plan === undefined ? '' : `&partitions=${plan.isOrdered ? 1 : 4}`;
  return `kafka://${brokers}?sessionMs=${sessionMs}${partitions}`;
}

/**
 * Clients go where a broker says that it is: it has a listener for each link, and says that it is there.
 *
 * @param isForgetful whether it loses its disk with its life
 */
export async function openKafka(lanes: number, isForgetful = false): Promise<Backbone> {
  const ports = await freePorts(2 + 2 * lanes);
  const [direct = 0, controller = 0, ...own] = ports;
  const networks = await openNetworks(lanes, (lane) => ({
    publishers: own[2 * lane] ?? 0,
    workers: own[2 * lane + 1] ?? 0,
  }));
  const advertised: Record<string, number> = { PLAINTEXT: direct };
  const listeners: Record<string, number> = { PLAINTEXT: direct };
  for (const [lane, network] of networks.entries()) {
    for (const [index, link] of [network.publishers, network.workers].entries()) {
      const name = `${index === 0 ? 'PUBLISHERS' : 'WORKERS'}${lane}`;
      listeners[name] = own[2 * lane + index] ?? 0;
      advertised[name] = link.port;
    }
  }
  const listed = (named: Readonly<Record<string, number>>): string =>
    Object.entries(named)
      .map(([name, port]) => `${name}://${at(port)}`)
      .join(',');
  const broker = await KafkaBroker.start({
    settings: {
      'controller.quorum.voters': `1@${at(controller)}`,
      listeners: listed({ ...listeners, CONTROLLER: controller }),
      'advertised.listeners': listed(advertised),
      'inter.broker.listener.name': 'PLAINTEXT',
      'listener.security.protocol.map': [...Object.keys(listeners), 'CONTROLLER']
        .map((name) => `${name}:PLAINTEXT`)
        .join(','),
    },
  });
  return {
    direct: (plan) => kafkaAddress(at(direct), plan),
    through: (link, _folder, lane) => kafkaAddress(at(networks[lane]?.[link].port ?? direct)),
    networks,
    async kill() {
      await broker.kill();
      if (isForgetful) await broker.loseDisk();
    },
    restart: () => broker.restart(),
    async [Symbol.asyncDispose]() {
      await closeNetworks(networks);
      await broker.stop();
    },
  };
}
