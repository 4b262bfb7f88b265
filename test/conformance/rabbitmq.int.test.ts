import { openBus, openBusAdmin } from '@penstock/kit';
import { RabbitmqServer, rabbitmqRequirement } from '../helpers/rabbitmq-server.ts';
import { describeWith } from '../helpers/requirement.ts';
import { testKill9 } from './bus/kill.ts';
import { describeBus } from './bus/suite.ts';
import { testZombie } from './bus/zombie.ts';

/** A connection to this server takes longer than one to the others. */
const KILLS = 50;

describeWith(rabbitmqRequirement(), 'RabbitMQ', () => {
  describeBus(
    'RabbitMQ',
    async () => {
      const server = await RabbitmqServer.start();
      return {
        openBus: () => openBus(server.url),
        openAdmin: () => openBusAdmin(server.url),
        close: () => server[Symbol.asyncDispose](),
      };
    },
    { repeats: 'beside' },
  );

  const serverOfItsOwn = async () => {
    const server = await RabbitmqServer.start();
    return { url: `${server.url}?heartbeat=1`, close: () => server[Symbol.asyncDispose]() };
  };

  testKill9('RabbitMQ', serverOfItsOwn, KILLS);
  testZombie('RabbitMQ', serverOfItsOwn);
});
