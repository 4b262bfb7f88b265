/** What the subject of an event's schema is made from. */
export interface SubjectScope {
  readonly topic: string;
  readonly part: 'key' | 'value';
  /** Full name of the record or message; a JSON Schema's `title`. */
  readonly record: string;
}

/** How the subject of a schema follows from where it is used. */
export type SubjectNames = (scope: SubjectScope) => string;

/** One schema a topic. */
export const topicNames: SubjectNames = ({ topic, part }) => `${topic}-${part}`;

/** One schema a record, wherever it is used: many types in one topic, each with its own versions. */
export const recordNames: SubjectNames = ({ record }) => record;

/** One schema a record and topic. */
export const topicRecordNames: SubjectNames = ({ topic, record }) => `${topic}-${record}`;
