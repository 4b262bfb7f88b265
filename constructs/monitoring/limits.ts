// Limits that are nobody's declaration but the software's own, for every place that it runs in.

/** Of a disk of Kafka, below which somebody has to look: a broker stops on a full one. */
export const KAFKA_DISK_FREE_SHARE = 0.2;

/** Free disk of RabbitMQ, in limits: at one of them publishers are stopped. */
export const RABBITMQ_DISK_LIMITS = 2;

/** Of Valkey's memory for data; at all of it a server that forgets nothing refuses to write. */
export const VALKEY_FULL_SHARE = 0.85;

/** Transactions of PostgreSQL; vacuum begins in earnest at 200 million, at two thousand million it writes no more. */
export const POSTGRES_FREEZE_AGE = 500_000_000;
