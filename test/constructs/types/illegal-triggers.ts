import type { ArrivalRate, QueueAutoscalerProps, TriggerCredentials } from '../../../constructs/kubernetes/index.ts';
import type { KafkaMetadata, PrometheusMetadata } from '../../../constructs/kubernetes/keda/generated-triggers.ts';

// Compiled by types.test.ts and never run: each line below an @ts-expect-error must not compile.

declare const arrivals: ArrivalRate;
declare const kafka: KafkaMetadata;
declare const prometheus: PrometheusMetadata;
type Scaler = Omit<QueueAutoscalerProps, 'worker'>;
// @ts-expect-error a rate alone cannot wake what sleeps
export const rateOnly: Scaler = { arrivals };
// @ts-expect-error a rate is no backlog
export const rateAsBacklog: Scaler = { backlog: arrivals };
// @ts-expect-error a password in a manifest
export const inline: KafkaMetadata = { ...kafka, password: 'hunter2' };
// @ts-expect-error a series that is missing counts as zero
export const absent: PrometheusMetadata = { ...prometheus, ignoreNullValues: 'true' };
// @ts-expect-error a secret's value where its name belongs
export const pasted: TriggerCredentials<'kafka'> = { from: 'secrets', parameters: { password: 'hunter2' } };
type KafkaSecrets = Extract<TriggerCredentials<'kafka'>, { from: 'secrets' }>['parameters'];
// @ts-expect-error a parameter that the trigger does not have
export const foreign: KafkaSecrets = { bearerToken: { secret: 'a', key: 'b' } };
// @ts-expect-error Redis knows no identity of a cloud
export const identity: TriggerCredentials<'redis-streams'> = { from: 'pod-identity', identity: { provider: 'gcp' } };
