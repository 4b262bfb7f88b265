import type { CaseSet } from './case.ts';
import { gpuCases } from './gpu.ts';
import { gpuEngineCases } from './gpu-engines.ts';
import { gpuNodeCases } from './gpu-nodes.ts';
import { jobCases } from './jobs.ts';
import { kafkaCases } from './kafka.ts';
import { kedaCases } from './keda.ts';
import { natsCases } from './nats.ts';
import { postgresCases } from './postgres.ts';
import { rabbitmqCases } from './rabbitmq.ts';
import { traceCases } from './traces.ts';
import { valkeyCases } from './valkey.ts';

/** Every set of cases but the platform's own, whose compliant objects are what production emits. */
export const SETS: readonly CaseSet[] = [
  gpuCases,
  gpuEngineCases,
  gpuNodeCases,
  jobCases,
  kafkaCases,
  kedaCases,
  natsCases,
  postgresCases,
  rabbitmqCases,
  traceCases,
  valkeyCases,
];
