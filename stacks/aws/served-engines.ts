import type { ResolvedInferenceEngine, Topology } from '@penstock/model';
import { ConstructError } from '../../constructs/errors.ts';
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

/**
 * The engines that Amazon serves.
 *
 * @throws {ConstructError} `reference-missing` for an engine that is not there, `settings-contradict` for one that services
 *   of the platform call: they speak to servers in their cluster, without a signature
 */
export const servedEngines = (topology: Topology, { serving = {} }: AwsEnvironment): readonly ServedEngine[] =>
  Object.entries(serving).map(([id, form]) => ({ engine: uncalled(topology, id), form }));

function uncalled(topology: Topology, id: string): ResolvedInferenceEngine {
  const engine = topology.engines[id];
  if (engine === undefined)
    throw new ConstructError('reference-missing', `serving.${id}`, `is no engine of ${topology.name}`);
  const callers = callersOf(topology, id);
  if (callers.length === 0) return engine;
  throw new ConstructError(
    'settings-contradict',
    `serving.${id}`,
    `is called by ${callers.join(', ')}, whose calls carry no signature of IAM: serve it in the cluster`,
  );
}

interface Caller {
  readonly id: string;
  readonly calls: readonly { readonly engine: string }[];
}

/** Whoever calls an engine as the declaration says: by HTTP, at `/v1`, without a signature. */
export const callersOf = ({ workers, httpServices, schedules }: Topology, engine: string): readonly string[] =>
  [workers, httpServices, schedules]
    .flatMap((section) => Object.values<Caller>(section))
    .filter(({ calls }) => calls.some((call) => call.engine === engine))
    .map(({ id }) => id);
