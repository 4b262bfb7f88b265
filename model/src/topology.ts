import { type InferenceEngineSpec, type ResolvedInferenceEngine, readEngine } from './engine.ts';
import { fingerprintOf } from './fingerprint.ts';
import { checkName, type NameKind } from './names.ts';
import { type ObjectiveSpec, type ResolvedObjective, readObjective } from './objective.ts';
import { type QueueSpec, type ResolvedQueue, readQueue } from './queue.ts';
import {
  type Place,
  report,
  resolveEngine,
  resolveObjective,
  resolveQueue,
  resolveTopic,
  resolveWorker,
} from './resolve.ts';
import { SpecReader } from './spec-reader.ts';
import { type ResolvedTopic, readTopic, type TopicSpec } from './topic.ts';
import { Violations } from './violations.ts';
import { type ResolvedWorker, readWorker, type WorkerFacts, type WorkerSpec } from './worker.ts';

/** Everything a platform declares. References between parts are checked by the compiler where it sees literals. */
export interface TopologySpec<
  Q extends string = string,
  E extends string = string,
  W extends string = string,
  T extends string = string,
> {
  /** Short name of the platform: first part of every physical name. */
  readonly name: string;
  readonly queues: Readonly<Record<Q, QueueSpec>>;
  readonly topics?: Readonly<Record<T, TopicSpec>>;
  readonly engines?: Readonly<Record<E, InferenceEngineSpec>>;
  readonly workers: Readonly<Record<W, WorkerSpec<NoInfer<Q>, NoInfer<E>>>>;
  readonly objectives?: Readonly<Record<string, ObjectiveSpec<NoInfer<Q>>>>;
}

/** A declaration with every number: derived, checked and frozen. */
export interface Topology<
  Q extends string = string,
  E extends string = string,
  W extends string = string,
  T extends string = string,
> {
  readonly name: string;
  readonly queues: Readonly<Record<Q, ResolvedQueue>>;
  readonly topics: Readonly<Record<T, ResolvedTopic>>;
  readonly engines: Readonly<Record<E, ResolvedInferenceEngine>>;
  readonly workers: Readonly<Record<W, ResolvedWorker>>;
  readonly objectives: Readonly<Record<string, ResolvedObjective>>;
  /** Identity of all the numbers: two equal declarations have the same one, whatever order they were written in. */
  readonly fingerprint: string;
}

/**
 * Resolves a declaration.
 *
 * @throws {ModelError} with all violations at once
 */
export function defineTopology<
  const Q extends string,
  const E extends string,
  const W extends string,
  const T extends string,
>(spec: TopologySpec<Q, E, W, T>): Topology<Q, E, W, T> {
  const violations = new Violations();
  const root = new SpecReader('topology', spec, violations);
  const name = root.text('name') ?? '';
  const sections = {
    queues: section(root, 'queues'),
    topics: section(root, 'topics'),
    engines: section(root, 'engines'),
    workers: section(root, 'workers'),
    objectives: section(root, 'objectives'),
  };
  root.finish();
  // Ids are judged by themselves when the name in front of them is at fault already.
  const prefix = holdsAsName(name, violations) ? name : '';

  /** Reads each entry of a section and resolves those that are whole. */
  const each = <F, R>(
    kind: keyof typeof sections,
    read: (reader: SpecReader) => F | undefined,
    resolve: (place: Place, facts: F) => R | undefined,
  ) =>
    Object.fromEntries(
      Object.entries(sections[kind]).flatMap(([id, entry]) => {
        const path = `${kind}.${id}`;
        checkName(NAME_KINDS[kind], prefix, id, path, violations);
        const facts = read(new SpecReader(path, entry, violations));
        const resolved = facts === undefined ? undefined : resolve({ topology: name, id, path, violations }, facts);
        return resolved === undefined ? [] : [[id, resolved] as const];
      }),
    );

  /** The thing a field refers to; a reference to nothing is reported, one to a faulty thing was reported there. */
  const refer = <R>(
    place: Place,
    field: string,
    kind: 'queues' | 'engines',
    id: string,
    resolved: Readonly<Record<string, R>>,
  ): R | undefined => {
    if (!Object.hasOwn(sections[kind], id)) {
      const known = Object.keys(sections[kind]).join(', ');
      const expected = `one of ${kind}: ${known === '' ? '(none)' : known}`;
      report(place, 'reference-unknown', field, id, expected, `declare ${kind}.${id}, or refer to one that is there`);
    }
    return Object.hasOwn(resolved, id) ? resolved[id] : undefined;
  };

  const queues = each('queues', readQueue, resolveQueue);
  const readWorkers = new Map<string, WorkerFacts>();
  const workers = each(
    'workers',
    (reader) => readWorker(reader, violations),
    (place, facts) => {
      readWorkers.set(place.id, facts);
      const queue = refer(place, 'queue', 'queues', facts.queue, queues);
      return queue === undefined ? undefined : resolveWorker(place, facts, queue);
    },
  );
  const requests = peakRequests(workers, queues);
  const engines = each('engines', readEngine, (place, facts) =>
    resolveEngine(place, facts, requests.get(place.id) ?? 0),
  );
  const topics = each('topics', (reader) => readTopic(reader, violations), resolveTopic);
  const objectives = each('objectives', readObjective, (place, facts) => {
    refer(place, 'queue', 'queues', facts.queue, queues);
    return resolveObjective(place, facts);
  });

  for (const [id, worker] of readWorkers) {
    const place: Place = { topology: name, id, path: `workers.${id}`, violations };
    for (const call of worker.calls) {
      const engine = refer(place, `calls.${call.role}.engine`, 'engines', call.engine, engines);
      if (engine === undefined || !engine.doneWithin.isLongerThan(worker.workTime.p99)) continue;
      report(
        place,
        'call-slower-than-work',
        `calls.${call.role}`,
        `${call.engine} promises an answer within ${engine.doneWithin}`,
        `at most p99 of the work, ${worker.workTime.p99}`,
        'promise faster answers, or measure p99 with the call in it',
      );
    }
  }
  checkConsumers(Object.keys(sections.queues), sections.workers, violations);
  violations.throwIfAny();

  const resolved = { name, queues, topics, engines, workers, objectives };
  return deepFreeze({ ...resolved, fingerprint: fingerprintOf(resolved) }) as Topology<Q, E, W>;
}

const NAME_KINDS: Readonly<Record<'queues' | 'topics' | 'engines' | 'workers' | 'objectives', NameKind>> = {
  queues: 'queue',
  topics: 'topic',
  engines: 'workload',
  workers: 'workload',
  objectives: 'workload',
};

function section(root: SpecReader, key: string): Readonly<Record<string, unknown>> {
  const value = root.raw(key);
  return value !== null && typeof value === 'object' ? (value as Readonly<Record<string, unknown>>) : {};
}

function holdsAsName(name: string, violations: Violations): boolean {
  const before = violations.count;
  if (name !== '') checkName('workload', '', name, 'topology.name', violations);
  return violations.count === before;
}

/** Calls a second at peak of each engine: the sum over all workers of peak rate times calls per item. */
function peakRequests(
  workers: Readonly<Record<string, ResolvedWorker>>,
  queues: Readonly<Record<string, ResolvedQueue>>,
): ReadonlyMap<string, number> {
  const rates = new Map<string, number>();
  for (const { calls, queue } of Object.values(workers)) {
    const peak = queues[queue]?.peakRate.perSecond ?? 0;
    for (const { engine, perItem } of calls) rates.set(engine, (rates.get(engine) ?? 0) + perItem * peak);
  }
  return rates;
}

/** A queue is work for one kind of worker: with none it only fills, with two each gets an arbitrary part. */
function checkConsumers(
  queues: readonly string[],
  workers: Readonly<Record<string, unknown>>,
  violations: Violations,
): void {
  const takersOf = Map.groupBy(
    Object.keys(workers),
    (id) => (workers[id] as { readonly queue?: unknown } | null | undefined)?.queue,
  );
  for (const queue of queues) {
    const takers = takersOf.get(queue) ?? [];
    if (takers.length === 0) {
      violations.add({
        code: 'queue-unconsumed',
        path: `queues.${queue}`,
        received: 'no worker',
        expected: 'one worker that takes from it',
        repair: `declare a worker with queue: '${queue}', or remove the queue`,
      });
    } else if (takers.length > 1) {
      violations.add({
        code: 'queue-contested',
        path: `queues.${queue}`,
        received: takers.join(', '),
        expected: 'one worker that takes from it',
        repair: 'give each worker a queue of its own, or use a topic',
      });
    }
  }
}

function deepFreeze<T>(value: T): T {
  if (value !== null && typeof value === 'object' && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}
