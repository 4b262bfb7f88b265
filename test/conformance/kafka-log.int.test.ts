import { openLog, openLogAdmin } from '@penstock/kit/events';
import { KafkaBroker, kafkaRequirement } from '../helpers/kafka-broker.ts';
import { describeWith } from '../helpers/requirement.ts';
import { describeTopicConsumer } from './log/consumer-suite.ts';
import { describeLog, type LogBackend } from './log/suite.ts';

/** By the protocol of KIP-848 the session is the broker's to say. */
const SETTINGS = {
  'group.consumer.min.session.timeout.ms': '1000',
  'group.consumer.session.timeout.ms': '2000',
  'group.consumer.min.heartbeat.interval.ms': '100',
  'group.consumer.heartbeat.interval.ms': '200',
};

describeWith(kafkaRequirement(), 'Kafka', () => {
  const startBy = (query: string) => async (): Promise<LogBackend> => {
    const broker = await KafkaBroker.start({ settings: SETTINGS });
    const url = `kafka://${broker.address}${query}`;
    return { openLog: () => openLog(url), openAdmin: () => openLogAdmin(url), close: () => broker.stop() };
  };
  describeLog('Kafka', startBy(''));
  describeLog('Kafka by the protocol of KIP-848', startBy('?groupProtocol=consumer'));
  describeTopicConsumer('Kafka', startBy(''));
  describeTopicConsumer('Kafka by the protocol of KIP-848', startBy('?groupProtocol=consumer'));
});
