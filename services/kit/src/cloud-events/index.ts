export { type AttributeValue, type CloudEvent, validated } from './cloud-event.ts';
export { fromHttp, type HttpMessage, type ReceivedHttpMessage, toHttp, toHttpBatch } from './http-binding.ts';
export { fromJson, fromJsonBatch, toJson, toJsonBatch } from './json-format.ts';
export { type ContentMode, fromKafka, type KafkaMessage, type ReceivedKafkaMessage, toKafka } from './kafka-binding.ts';
