import { openLog, openLogAdmin } from '@penstock/kit/events';
import { KafkaBroker, kafkaRequirement } from '../helpers/kafka-broker.ts';
import { describeWith } from '../helpers/requirement.ts';
import { describeLog } from './log/suite.ts';

describeWith(kafkaRequirement(), 'Kafka', () => {
  describeLog('Kafka', async () => {
    const broker = await KafkaBroker.start();
    const url = `kafka://${broker.address}`;
    return { openLog: () => openLog(url), openAdmin: () => openLogAdmin(url), close: () => broker.stop() };
  });
});
