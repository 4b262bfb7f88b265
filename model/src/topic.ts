import { readArrivals } from './queue.ts';
import { SpecReader } from './spec-reader.ts';
import { Bytes, type BytesInput, Duration, type DurationInput, type Rate, type RateInput } from './units.ts';
import type { Violations } from './violations.ts';
import { readWorkTime, type WorkTime, type WorkTimeSpec } from './work-time.ts';

/** A log of facts, kept and replayed; each consumer group reads all of it, in order per key. */
export interface TopicSpec {
  /** Mean rate of arrival. */
  readonly arrivalRate: RateInput;
  /** Highest rate that lasts for a minute or more. @default - twice the arrival rate */
  readonly peakRate?: RateInput;
  /** Mean size of one event, key and headers included. @default '1 KiB' */
  readonly itemSize?: BytesInput;
  /** How long events are kept. @default '7 days' */
  readonly retention?: DurationInput;
  /** Who reads it. */
  readonly consumers: Readonly<Record<string, TopicConsumerSpec>>;
}

export interface TopicConsumerSpec {
  /** Time to handle one event. */
  readonly workTime: WorkTimeSpec;
  readonly pinned?: {
    /** @default - derived: one replica a partition at most */
    readonly maxReplicas?: number;
  };
}

export interface TopicFacts {
  readonly arrivalRate: Rate;
  readonly peakRate: Rate;
  readonly itemSize: Bytes;
  readonly retention: Duration;
  readonly consumers: readonly TopicConsumerFacts[];
}

export interface TopicConsumerFacts {
  readonly id: string;
  readonly workTime: WorkTime;
  readonly pinnedMaxReplicas: number | undefined;
}

export interface ResolvedTopic extends Omit<TopicFacts, 'consumers'> {
  readonly id: string;
  /** Name on Kafka. */
  readonly name: string;
  readonly partitions: number;
  readonly consumers: readonly ResolvedTopicConsumer[];
}

export interface ResolvedTopicConsumer {
  readonly id: string;
  /** Its consumer group on Kafka. */
  readonly group: string;
  /** Where it puts what it gives up, on Kafka. */
  readonly deadLetterTopic: string;
  readonly workTime: WorkTime;
  readonly maxReplicas: number;
}

export function readTopic(reader: SpecReader, violations: Violations): TopicFacts | undefined {
  const consumers = Object.entries((reader.raw('consumers') ?? {}) as Readonly<Record<string, unknown>>).map(
    ([id, spec]) => readConsumer(id, new SpecReader(`${reader.path}.consumers.${id}`, spec, violations)),
  );
  if (consumers.length === 0) {
    reader.report(
      'queue-unconsumed',
      'consumers',
      {},
      'at least one consumer',
      'declare who reads the topic, or remove it',
    );
  }
  return reader.complete<TopicFacts>({
    ...readArrivals(reader),
    itemSize: reader.unitOr('itemSize', Bytes, '1 KiB'),
    retention: reader.unitOr('retention', Duration, '7 days'),
    consumers: consumers.filter((consumer) => consumer !== undefined),
  });
}

function readConsumer(id: string, reader: SpecReader): TopicConsumerFacts | undefined {
  const workTime = readWorkTime(reader.inner('workTime', 'required'));
  const pinned = reader.inner('pinned', 'optional');
  const pinnedMaxReplicas = pinned.optionalCount('maxReplicas');
  pinned.finish();
  reader.finish();
  return workTime === undefined ? undefined : { id, workTime, pinnedMaxReplicas };
}
