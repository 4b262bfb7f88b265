import { openBus, openBusAdmin } from '@penstock/kit';
import { KafkaBroker, kafkaRequirement } from '../helpers/kafka-broker.ts';
import { describeWith } from '../helpers/requirement.ts';
import { testKill9 } from './bus/kill.ts';
import { describeBus } from './bus/suite.ts';
import { testZombie } from './bus/zombie.ts';

/** A worker that died holds its partitions until its session is over: a kill takes as long. */
const KILLS = 20;

describeWith(kafkaRequirement(), 'Kafka', () => {
  describeBus(
    'Kafka',
    async () => {
      const broker = await KafkaBroker.start();
      const url = `kafka://${broker.address}?sessionMs=2000`;
      return {
        openBus: () => openBus(url),
        openAdmin: () => openBusAdmin(url),
        close: () => broker.stop(),
      };
    },
    { repeats: 'in-turn' },
  );

  const brokerOfItsOwn = async () => {
    const broker = await KafkaBroker.start();
    return { url: `kafka://${broker.address}?sessionMs=1500&partitions=4`, close: () => broker.stop() };
  };

  testKill9('Kafka', brokerOfItsOwn, KILLS);
  testZombie('Kafka', brokerOfItsOwn);
});
