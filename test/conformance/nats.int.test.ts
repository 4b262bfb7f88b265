import { openBus, openBusAdmin } from '@penstock/kit';
import { NatsServer, natsRequirement } from '../helpers/nats-server.ts';
import { describeWith } from '../helpers/requirement.ts';
import { testKill9 } from './bus/kill.ts';
import { describeBus } from './bus/suite.ts';
import { testZombie } from './bus/zombie.ts';

describeWith(natsRequirement(), 'NATS JetStream', () => {
  describeBus('NATS', async () => {
    const server = await NatsServer.start();
    return {
      openBus: () => openBus(server.url),
      openAdmin: () => openBusAdmin(server.url),
      close: () => server.stop(),
    };
  });

  const serverOfItsOwn = async () => {
    const server = await NatsServer.start();
    return { url: server.url, close: () => server.stop() };
  };

  testKill9('NATS', serverOfItsOwn);
  testZombie('NATS', serverOfItsOwn);
});
