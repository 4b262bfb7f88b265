import type { KafkaService } from '../kafka-service.ts';
import type { KafkaUser } from '../kafka-user.ts';
import type { TriggerCredentials } from '../trigger-authentication.ts';

/**
 * What KEDA needs to be a user of a Kafka cluster of Strimzi's, out of the Secrets that Strimzi makes in the cluster's
 * namespace: for scalers of that namespace. A user with a password is left out, since its Secret has no user name and
 * KEDA takes one from nowhere else.
 */
export const kafkaCredentials = (user: KafkaUser<'tls'>, kafka: KafkaService<'tls'>): TriggerCredentials<'kafka'> => ({
  from: 'secrets',
  parameters: {
    // The authority in the user's own Secret signed the clients, not the brokers.
    ca: { secret: kafka.authoritySecret, key: 'ca.crt' },
    cert: { secret: user.username, key: 'user.crt' },
    key: { secret: user.username, key: 'user.key' },
  },
});
