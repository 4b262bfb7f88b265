import type { ResolvedInferenceEngine, Topology } from '@penstock/model';
import type { AwsEnvironment, EngineServing } from '../environments/aws-environment.ts';
import { environmentName } from './stack-of.ts';

export interface ServedEngine {
  readonly engine: ResolvedInferenceEngine;
  readonly form: EngineServing;
}

/** Parameters that the stack of engines publishes for one of them. */
export const engineAddresses = (id: string) =>
  ({
    key: 'engines-key',
    exchange: `engine-${id}-exchange`,
    guardrail: `engine-${id}-guardrail`,
    guardrailVersion: `engine-${id}-guardrail-version`,
  }) as const;

/** Of an endpoint, its copies or a guardrail: one engine of one environment. */
export const servedName = (topology: Topology, environment: AwsEnvironment, id: string): string =>
  `${environmentName(topology, environment)}-${id}`;

/** What is left for the cluster to serve; it is still the same declaration, by the same fingerprint. */
export const servedByCluster = (topology: Topology, { serving = {} }: AwsEnvironment): Topology => ({
  ...topology,
  engines: Object.fromEntries(Object.entries(topology.engines).filter(([id]) => !Object.hasOwn(serving, id))),
});

/** The engines that Amazon serves. */
export const servedEngines = (topology: Topology, { serving = {} }: AwsEnvironment): readonly ServedEngine[] =>
  Object.entries(serving).flatMap(([id, form]) => {
    const engine = topology.engines[id];
    return engine === undefined ? [] : [{ engine, form }];
  });

interface Caller {
  readonly id: string;
  readonly calls: readonly { readonly engine: string }[];
}

/** Whoever calls an engine as the declaration says. */
export const callersOf = (topology: Topology, engine: string): readonly string[] =>
  callersIn(topology)
    .filter(({ calls }) => calls.some((call) => call.engine === engine))
    .map(({ id }) => id);

/** Engines that Amazon serves and a workload asks: by calls of the declaration, or by itself. */
export function askedBy(
  topology: Topology,
  { serving = {}, workloads }: AwsEnvironment,
  workload: string,
): readonly (readonly [id: string, form: EngineServing])[] {
  const calls = callersIn(topology).find(({ id }) => id === workload)?.calls ?? [];
  const ids = new Set([...(workloads.invokes?.[workload] ?? []), ...calls.map(({ engine }) => engine)]);
  return Object.entries(serving).filter(([id]) => ids.has(id));
}

/** Whoever asks one of them: each needs a right, and a way there. */
export const askersIn = (topology: Topology, environment: AwsEnvironment): readonly string[] => {
  const { serving = {}, workloads } = environment;
  const called = Object.keys(serving).flatMap((engine) => callersOf(topology, engine));
  return [...new Set([...Object.keys(workloads.invokes ?? {}), ...called])];
};

const callersIn = ({ workers, httpServices, schedules }: Topology): readonly Caller[] =>
  [workers, httpServices, schedules].flatMap((section) => Object.values<Caller>(section));
