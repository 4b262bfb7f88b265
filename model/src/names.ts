import type { Violations } from './violations.ts';

// Logical ids are short kebab-case words. Physical names are made of the topology's name and the id, and every target
// limits them differently; one declaration goes to all targets, so the tightest limit that applies holds everywhere.

const ID = /^[a-z](?:-?[a-z0-9])*$/;

/** Longest physical name per target, with the reason for each number. */
export const NAME_LIMITS = {
  // Google service account ids have 6 to 30 characters; each workload has an account of its own.
  workload: 30,
  // Queue streams get the suffix _DEAD; NATS recommends at most 32 characters for a name that is a folder on disk.
  queue: 27,
  // Kafka allows 249; dead-letter topics get the suffix .<consumer>.dead.
  topic: 180,
} as const;

export type NameKind = keyof typeof NAME_LIMITS;

/** Reports an id that is not a legal name or makes a physical name that is too long for a target. */
export function checkName(kind: NameKind, topology: string, id: string, path: string, violations: Violations): void {
  if (!ID.test(id)) {
    violations.add({
      code: 'name-illegal',
      path,
      received: JSON.stringify(id),
      expected: 'lower-case letters, digits and single hyphens, beginning with a letter',
      repair: `rename it, e.g. to ${suggest(id)}`,
    });
    return;
  }
  const limit = NAME_LIMITS[kind];
  const physical = `${topology}-${id}`;
  if (physical.length > limit) {
    violations.add({
      code: 'name-too-long',
      path,
      received: `${physical} (${physical.length} characters)`,
      expected: `at most ${limit} characters with the topology's name in front`,
      repair: `shorten it by ${physical.length - limit}`,
    });
  }
}

function suggest(id: string): string {
  const words = id
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
  const name = words.join('-').replace(/^[^a-z]+/, '');
  return name === '' ? 'mails' : name;
}

/** Stream and dead-letter names of a queue on JetStream; subjects of one topology share its name as first token. */
export function queueNames(topology: string, id: string) {
  const stream = `${topology}-${id}`.toUpperCase().replaceAll('-', '_');
  return {
    stream,
    subject: `${topology}.queue.${id}`,
    deadLetterStream: `${stream}_DEAD`,
    deadLetterSubject: `${topology}.dead.${id}`,
  } as const;
}

/** `<topology>-<id>`: a legal Kubernetes object name, Google service account id and AWS role name. */
export const workloadName = (topology: string, id: string): string => `${topology}-${id}`;

/** `<topology>.<id>`: the topic on Kafka. */
export const topicName = (topology: string, id: string): string => `${topology}.${id}`;

/** What a consumer of a topic is on Kafka: its group, and the topic of what it gives up. `topic` is the physical name. */
export const topicConsumerNames = (topic: string, consumer: string) =>
  ({ group: `${topic}.${consumer}`, deadLetterTopic: `${topic}.${consumer}.dead` }) as const;
