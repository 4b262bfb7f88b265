import {
  type Caller,
  callerOf,
  checkCalls,
  checkConsumers,
  checkIds,
  checkPublishers,
  peakRequestsOf,
} from './cross-check.ts';
import { type InferenceEngineSpec, type ResolvedInferenceEngine, readEngine } from './engine.ts';
import { fingerprintOf } from './fingerprint.ts';
import { type HttpServiceSpec, type ResolvedHttpService, readHttpService } from './http-service.ts';
import { type MigrationSpec, type ResolvedMigration, readMigration } from './migration.ts';
import { checkName, type NameKind } from './names.ts';
import { type ObjectiveSpec, type ResolvedObjective, readObjective } from './objective.ts';
import { type QueueSpec, type ResolvedQueue, readQueue } from './queue.ts';
import { resolveEngine } from './resolve/engine.ts';
import { resolveHttpService } from './resolve/http-service.ts';
import { resolveObjective } from './resolve/objective.ts';
import { type Place, report } from './resolve/place.ts';
import { resolveQueue } from './resolve/queue.ts';
import { resolveMigration, resolveSchedule } from './resolve/run.ts';
import { resolveTopic } from './resolve/topic.ts';
import { resolveWorker } from './resolve/worker.ts';
import { type ResolvedSchedule, readSchedule, type ScheduleSpec } from './schedule.ts';
import { SpecReader } from './spec-reader.ts';
import { type ResolvedTopic, readTopic, type TopicSpec } from './topic.ts';
import { Violations } from './violations.ts';
import { type ResolvedWorker, readWorker, type WorkerSpec } from './worker.ts';

/** Everything a platform declares. References between parts are checked by the compiler where it sees literals. */
export interface TopologySpec<
  Q extends string = string,
  E extends string = string,
  W extends string = string,
  T extends string = string,
  H extends string = string,
  S extends string = string,
  M extends string = string,
> {
  /** Short name of the platform: first part of every physical name. */
  readonly name: string;
  readonly queues: Readonly<Record<Q, QueueSpec>>;
  readonly topics?: Readonly<Record<T, TopicSpec>>;
  readonly engines?: Readonly<Record<E, InferenceEngineSpec>>;
  readonly workers: Readonly<Record<W, WorkerSpec<NoInfer<Q>, NoInfer<E>>>>;
  readonly httpServices?: Readonly<Record<H, HttpServiceSpec<NoInfer<Q>, NoInfer<E>>>>;
  readonly schedules?: Readonly<Record<S, ScheduleSpec<NoInfer<Q>, NoInfer<E>>>>;
  readonly migrations?: Readonly<Record<M, MigrationSpec>>;
  readonly objectives?: Readonly<Record<string, ObjectiveSpec<NoInfer<Q>>>>;
}

/** A declaration with every number: derived, checked and frozen. */
export interface Topology<
  Q extends string = string,
  E extends string = string,
  W extends string = string,
  T extends string = string,
  H extends string = string,
  S extends string = string,
  M extends string = string,
> {
  readonly name: string;
  readonly queues: Readonly<Record<Q, ResolvedQueue>>;
  readonly topics: Readonly<Record<T, ResolvedTopic>>;
  readonly engines: Readonly<Record<E, ResolvedInferenceEngine>>;
  readonly workers: Readonly<Record<W, ResolvedWorker>>;
  readonly httpServices: Readonly<Record<H, ResolvedHttpService>>;
  readonly schedules: Readonly<Record<S, ResolvedSchedule>>;
  readonly migrations: Readonly<Record<M, ResolvedMigration>>;
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
  const H extends string,
  const S extends string,
  const M extends string,
>(spec: TopologySpec<Q, E, W, T, H, S, M>): Topology<Q, E, W, T, H, S, M> {
  const violations = new Violations();
  const root = new SpecReader('topology', spec, violations);
  const name = root.text('name') ?? '';
  const sections = {
    queues: section(root, 'queues'),
    topics: section(root, 'topics'),
    engines: section(root, 'engines'),
    workers: section(root, 'workers'),
    httpServices: section(root, 'httpServices'),
    schedules: section(root, 'schedules'),
    migrations: section(root, 'migrations'),
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

  const callers: Caller[] = [];
  const queues = each('queues', readQueue, resolveQueue);
  const workers = each('workers', readWorker, (place, facts) => {
    const queue = refer(place, 'queue', 'queues', facts.queue, queues);
    callers.push(callerOf.worker(place, facts, queue));
    return queue === undefined ? undefined : resolveWorker(place, facts, queue);
  });
  const httpServices = each('httpServices', readHttpService, (place, facts) => {
    callers.push(callerOf.httpService(place, facts));
    return resolveHttpService(place, facts);
  });
  const schedules = each('schedules', readSchedule, (place, facts) => {
    const schedule = resolveSchedule(place, facts);
    callers.push(callerOf.schedule(place, schedule));
    return schedule;
  });
  const migrations = each('migrations', readMigration, resolveMigration);
  const requests = peakRequestsOf(callers);
  const engines = each('engines', readEngine, (place, facts) =>
    resolveEngine(place, facts, requests.get(place.id) ?? 0),
  );
  const topics = each('topics', (reader) => readTopic(reader, violations), resolveTopic);
  const objectives = each('objectives', readObjective, (place, facts) => {
    refer(place, 'queue', 'queues', facts.queue, queues);
    return resolveObjective(place, facts);
  });

  checkCalls(callers, (caller, { role, engine }) =>
    refer(caller.place, `calls.${role}.engine`, 'engines', engine, engines),
  );
  checkPublishers(callers, Object.values(workers), violations, (caller, { role, queue }) =>
    refer(caller.place, `publishes.${role}.queue`, 'queues', queue, queues),
  );
  checkConsumers(Object.keys(sections.queues), sections.workers, violations);
  checkIds(sections, violations);
  violations.throwIfAny();

  const resolved = { name, queues, topics, engines, workers, httpServices, schedules, migrations, objectives };
  return deepFreeze({ ...resolved, fingerprint: fingerprintOf(resolved) }) as Topology<Q, E, W, T, H, S, M>;
}

type Section = Exclude<keyof TopologySpec, 'name'>;

const NAME_KINDS: Readonly<Record<Section, NameKind>> = {
  queues: 'queue',
  topics: 'topic',
  engines: 'workload',
  workers: 'workload',
  httpServices: 'workload',
  schedules: 'workload',
  migrations: 'workload',
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

function deepFreeze<T>(value: T): T {
  if (value !== null && typeof value === 'object' && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}
