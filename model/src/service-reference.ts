import type { MigrationDeclaration, ServiceDeclaration } from './service.ts';
import type { SpecReader } from './spec-reader.ts';

type Declaration = ServiceDeclaration | MigrationDeclaration;

const WORDS: Readonly<Record<Declaration['kind'], readonly [declaredBy: string, kind: string]>> = {
  worker: ['declareWorker()', 'a worker'],
  'inference-engine': ['declareInferenceEngine()', 'an inference engine'],
  'http-service': ['declareHttpService()', 'a service that answers requests'],
  job: ['declareJob()', 'a job'],
  migration: ['declareMigration()', 'a migration'],
};

/** The declaration in field `service`, or undefined with a report when it is not one of that kind. */
export function readService<K extends Declaration['kind']>(
  reader: SpecReader,
  kind: K,
): Extract<Declaration, { kind: K }> | undefined {
  const service = reader.raw('service') as Declaration | undefined;
  if (service?.kind === kind) return service as Extract<Declaration, { kind: K }>;
  const [declaredBy, words] = WORDS[kind];
  const received = service?.kind === undefined ? 'something else' : `${service.kind} ${service.name}`;
  reader.report(
    'service-kind-mismatch',
    'service',
    received,
    `a service declared by ${declaredBy}`,
    `import the declaration from the service.ts of ${words}`,
  );
  return undefined;
}
