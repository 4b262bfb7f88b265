import { openBus, openBusAdmin } from '@penstock/kit';
import { startRedisForBus } from '../helpers/redis-bus-server.ts';
import { redisRequirement } from '../helpers/redis-server.ts';
import { describeWith } from '../helpers/requirement.ts';
import { testKill9 } from './bus/kill.ts';
import { describeBus } from './bus/suite.ts';
import { testZombie } from './bus/zombie.ts';

describeWith(redisRequirement(), 'Redis Streams', () => {
  describeBus('Redis', async () => {
    const server = await startRedisForBus();
    return {
      openBus: () => openBus(server.url),
      openAdmin: () => openBusAdmin(server.url),
      close: () => server[Symbol.asyncDispose](),
    };
  });

  const serverOfItsOwn = async () => {
    const server = await startRedisForBus();
    return { url: server.url, close: () => server[Symbol.asyncDispose]() };
  };

  testKill9('Redis', serverOfItsOwn);
  testZombie('Redis', serverOfItsOwn);
});
