import { kafkaOptionsOf } from '../../../bus/kafka/address.ts';
import { KafkaClient } from '../../../bus/kafka/kafka-client.ts';
import { KitError } from '../../../errors.ts';
import { topicMissing } from '../faults.ts';
import { about } from './faults.ts';

/** How members of groups speak with the brokers; all members of a group in one way. */
export type GroupProtocol = 'classic' | 'consumer';

const PROTOCOL = 'groupProtocol';

/** Of the address, which is else that of the bus. @throws {KitError} `address-malformed` */
export function protocolOf(url: string): { readonly address: string; readonly protocol: GroupProtocol } {
  const [servers = '', query = ''] = url.split('?', 2);
  const parameters = new URLSearchParams(query);
  const protocol = parameters.get(PROTOCOL) ?? 'classic';
  if (protocol !== 'classic' && protocol !== 'consumer')
    throw new KitError('address-malformed', `log: received ${PROTOCOL}=${protocol}, expected classic or consumer`);
  parameters.delete(PROTOCOL);
  return { address: parameters.size === 0 ? servers : `${servers}?${parameters}`, protocol };
}

/** @throws {KitError} `address-malformed`, `bus-unreachable`, `bus-refused` */
export async function connect(address: string): Promise<KafkaClient> {
  const client = new KafkaClient(await kafkaOptionsOf(address));
  try {
    await client.connect();
    return client;
  } catch (error) {
    await client.close();
    throw error;
  }
}

/** @throws {KitError} `topic-missing` */
export const partitionsOf = async (client: KafkaClient, topic: string): Promise<readonly number[]> => {
  const leaders = await about(topic, () => client.leaders(topic));
  if (leaders.length === 0) throw topicMissing(topic);
  return leaders.map((_, partition) => partition);
};
