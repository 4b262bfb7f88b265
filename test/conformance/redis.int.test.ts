import { openBus, openBusAdmin } from '@penstock/kit';
import { startRedisForBus } from '../helpers/redis-bus-server.ts';
import { findValkey, redisRequirement, valkeyRequirement } from '../helpers/redis-server.ts';
import { describeWith } from '../helpers/requirement.ts';
import { testKill9 } from './bus/kill.ts';
import { describeBus } from './bus/suite.ts';
import { testZombie } from './bus/zombie.ts';

for (const [name, requirement, binary, kills] of [
  ['Redis', redisRequirement(), undefined, 100],
  ['Valkey', valkeyRequirement(), findValkey(), 20],
] as const) {
  describeWith(requirement, `${name} Streams`, () => {
    describeBus(name, async () => {
      const server = await startRedisForBus({ binary });
      return {
        openBus: () => openBus(server.url),
        openAdmin: () => openBusAdmin(server.url),
        close: () => server[Symbol.asyncDispose](),
      };
    });

    const serverOfItsOwn = async () => {
      const server = await startRedisForBus({ binary });
      return { url: server.url, close: () => server[Symbol.asyncDispose]() };
    };

    testKill9(name, serverOfItsOwn, kills);
    testZombie(name, serverOfItsOwn);
  });
}
