import type { ServiceDeclaration } from './service.ts';
import type { SpecReader } from './spec-reader.ts';

const WORDS: Readonly<Record<ServiceDeclaration['kind'], readonly [declaredBy: string, kind: string]>> = {
  worker: ['declareWorker()', 'a worker'],
  'inference-engine': ['declareInferenceEngine()', 'an inference engine'],
};

/** The declaration in field `service`, or undefined with a report when it is not one of that kind. */
export function readService<K extends ServiceDeclaration['kind']>(
  reader: SpecReader,
  kind: K,
): Extract<ServiceDeclaration, { kind: K }> | undefined {
  const service = reader.raw('service') as ServiceDeclaration | undefined;
  if (service?.kind === kind) return service as Extract<ServiceDeclaration, { kind: K }>;
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
