import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import {
  declareHttpService,
  declareInferenceEngine,
  declareJob,
  declareMigration,
  declareWorker,
  defineTopology,
} from '@penstock/model';

// What a doc comment says of a default is held against what the resolver makes of a declaration that leaves it out.

const topology = defineTopology({
  name: 'bare',
  queues: { q: { arrivalRate: '1/s', doneWithin: '1 hour' } },
  topics: { t: { arrivalRate: '1/s', consumers: { c: { workTime: { mean: '1 second', p99: '1 second' } } } } },
  engines: {
    e: {
      service: declareInferenceEngine({ name: 'engine', tasks: ['embedding'] }),
      task: 'embedding',
      model: { id: 'm', revision: '1', weights: '1 MB', dimensions: 1, maxTokens: 1 },
      tokenRate: '1000/s',
      tokensPerRequest: 1,
      doneWithin: '10 seconds',
    },
    g: {
      service: declareInferenceEngine({ name: 'engine', tasks: ['reranking'] }),
      task: 'reranking',
      model: { id: 'm', revision: '1', weights: '1 MB', maxTokens: 1 },
      accelerator: { gpu: 'l4' },
      tokenRate: '100000/s',
      tokensPerRequest: 1,
      doneWithin: '10 seconds',
    },
  },
  workers: {
    w: {
      service: declareWorker({ name: 'worker', payload: 'p', calls: ['role'] }),
      queue: 'q',
      workTime: { mean: '1 second', p99: '20 seconds' },
      calls: { role: { engine: 'e' } },
    },
  },
  httpServices: {
    h: {
      service: declareHttpService({ name: 'front', calls: ['role'], publishes: { out: 'p' } }),
      arrivalRate: '0.1/s',
      requestTime: { mean: '1 second', p99: '20 seconds' },
      requestsAtOnce: 1,
      doneWithin: '30 seconds',
      calls: { role: { engine: 'e' } },
      publishes: { out: { queue: 'q' } },
    },
  },
  schedules: {
    s: {
      service: declareJob({ name: 'job', calls: [], publishes: {} }),
      cron: '0 3 * * *',
      runTime: { mean: '1 second', p99: '1 second' },
    },
  },
  migrations: { m: { service: declareMigration({ name: 'schema' }), longestRun: '1 second' } },
  objectives: { o: { queue: 'q', target: '99.9%' } },
});

const RESOLVED: Readonly<Record<string, object>> = {
  'queue.ts QueueSpec': topology.queues.q,
  'queue.ts BackoffSpec': topology.queues.q.backoff,
  'topic.ts TopicSpec': topology.topics['t'] as object,
  'engine.ts EngineFactsSpec': topology.engines.e,
  'accelerator.ts WholeGpus': topology.engines.g.accelerator as object,
  'worker.ts WorkerFactsSpec': topology.workers.w,
  'worker.ts CallSpec': topology.workers.w.calls[0] as object,
  'http-service.ts HttpServiceFactsSpec': topology.httpServices.h,
  'http-service.ts RequestCallSpec': topology.httpServices.h.calls[0] as object,
  'http-service.ts RequestPublishSpec': topology.httpServices.h.publishes[0] as object,
  'schedule.ts ScheduleSpec': topology.schedules.s,
  'migration.ts MigrationSpec': topology.migrations.m,
  'resources.ts ResourcesSpec': topology.workers.w.resources,
  'objective.ts ObjectiveSpec': topology.objectives['o'] as object,
};

/** Fields that hold other documented fields and have no default of their own. */
const HOLDERS = ['backoff', 'pinned', 'resources', 'calls', 'publishes'];

interface OptionalField {
  readonly name: string;
  readonly stated: string | undefined;
}

/** The optional fields of an interface with the default that the comment above each states. */
function optionalFieldsOf(file: string, name: string): readonly OptionalField[] {
  const text = readFileSync(new URL(`../../model/src/${file}`, import.meta.url), 'utf8');
  const body = new RegExp(`interface ${name}\\b[^{]*\\{\\n([\\s\\S]*?)\\n\\}`).exec(text)?.[1] ?? '';
  const fields = body.matchAll(/(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*)?readonly (\w+)\?:/g);
  return [...fields].map(([, comment, field]) => ({
    name: field as string,
    stated: /@default\s+(.+?)\s*(?:\n|$)/.exec(comment ?? '')?.[1],
  }));
}

describe.each(Object.entries(RESOLVED))('the defaults of %s', (title, resolved) => {
  const [file = '', name = ''] = title.split(' ');
  const fields = optionalFieldsOf(file, name).filter((field) => !HOLDERS.includes(field.name));

  test('are all stated', () => {
    expect(fields.length).toBeGreaterThan(0);
    expect(fields.filter(({ stated }) => stated === undefined)).toEqual([]);
  });

  test('are what the resolver yields, where they are literals', () => {
    const literals = fields.filter(({ stated }) => stated !== undefined && !stated.startsWith('-'));
    const actual = literals.map((field) => [
      field.name,
      String((resolved as Readonly<Record<string, unknown>>)[field.name]),
    ]);
    expect(actual).toEqual(literals.map((field) => [field.name, (field.stated as string).replace(/^'|'$/g, '')]));
  });
});
