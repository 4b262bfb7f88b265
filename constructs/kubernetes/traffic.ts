import type { Flow, FlowPort, Peer } from './network-flow.ts';

/** Whom a workload hears and speaks to: what its network policy follows from. Left out is what it does not do. */
export interface Traffic {
  /** Where it is scraped. */
  readonly opsPort?: number;
  /** What callers reach. */
  readonly httpPort?: number;
  /** Callers that are no workload of the topology. */
  readonly callers?: readonly Peer[];
  /** Takes from a queue or publishes to one. */
  readonly usesBroker?: boolean;
  /** Ids of the engines it calls, each once. */
  readonly calls?: readonly string[];
  /** What is outside of the topology, e.g. a database. */
  readonly reaches?: readonly Flow[];
  /** Ports by which the pods of the workload reach each other. @default - they do not */
  readonly amongItself?: readonly FlowPort[];
}

/** The engines behind the roles of a service; two roles may be played by one. */
export const enginesOf = (calls: readonly { readonly engine: string }[]): readonly string[] => [
  ...new Set(calls.map(({ engine }) => engine)),
];
