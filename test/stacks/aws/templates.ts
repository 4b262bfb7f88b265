import { synthesizeAws } from '../../../stacks/aws/synthesize.ts';
import { platform } from '../../../stacks/platform.ts';
import { digests, SERVINGS, servingEnvironment } from './serving.ts';
import { full, topology } from './shop.ts';

const provisioned = {
  ...full,
  data: {
    ...full.data,
    kafka: {
      kind: 'provisioned',
      version: '4.1.x.kraft',
      instance: 'kafka.m7g.large',
      storage: { initial: '100 GiB', maximum: '200 GiB' },
    },
  },
} as const;
const serverless = {
  ...full,
  data: {
    kafka: { kind: 'serverless', topics: 'made-in-cluster' },
    cache: {
      kind: { kind: 'serverless', maximumGigabytes: 10, maximumUnits: 5000 },
      users: { web: { keys: 'web:', access: 'write' } },
    },
  },
} as const;

/** What is deployed, and with it every kind of what Amazon runs for a platform. */
export const TEMPLATES: readonly (readonly [name: string, template: Readonly<Record<string, unknown>>])[] = [
  ...Object.entries(synthesizeAws(platform)),
  ...Object.entries(synthesizeAws(topology, [full])),
  ...Object.entries(synthesizeAws(digests, [servingEnvironment(SERVINGS.asynchronously)])).filter(([name]) =>
    /-(engines|workloads)$/.test(name),
  ),
  ...[provisioned, serverless].map(
    (environment) =>
      [
        `${environment.data.kafka.kind} data`,
        synthesizeAws(topology, [environment])['shop-prod-data'] as Readonly<Record<string, unknown>>,
      ] as const,
  ),
];
