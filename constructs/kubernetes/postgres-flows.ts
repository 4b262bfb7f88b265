import { DNS, type Flow, type NetworkRules, type Peer, tcp } from './network-flow.ts';

/** Addresses outside of the cluster's network, and one port of theirs. */
export interface OutsideAddress {
  /** e.g. `10.0.0.0/16`. */
  readonly cidr: string;
  readonly port: number;
}

export interface PostgresFlowsProps {
  /** Labels of instances, poolers and the jobs that make them. */
  readonly pods: Readonly<Record<string, string>>;
  readonly port: number;
  readonly clientNamespaces: readonly string[];
  readonly outside: readonly OutsideAddress[];
  readonly operatorNamespace?: string;
  readonly monitoringNamespace?: string;
}

/** Where the manager in each instance tells the operator, and the other instances, how it is. */
const STATUS = 8000;
const METRICS = { instance: 9187, pooler: 9127 } as const;

/**
 * One for all pods of a cluster: a job that makes an instance copies from the primary as an instance does, and a pooler
 * connects to it. Each of them asks the API server what it is to do.
 */
export function postgresFlows(props: PostgresFlowsProps): NetworkRules {
  const { pods, port, outside } = props;
  const from = (peer: Peer, ...ports: Flow['ports']): Flow => ({ peer, ports });
  const members = from({ pods }, tcp(port), tcp(STATUS));
  return {
    pods,
    ingress: [
      ...props.clientNamespaces.map((namespace) => from({ namespace }, tcp(port))),
      members,
      from({ namespace: props.operatorNamespace ?? 'cnpg-system' }, tcp(port), tcp(STATUS)),
      from({ namespace: props.monitoringNamespace ?? 'monitoring' }, tcp(METRICS.instance), tcp(METRICS.pooler)),
    ],
    egress: [members, DNS, ...outside.map(({ cidr, port: theirs }) => from({ cidr }, tcp(theirs)))],
  };
}
