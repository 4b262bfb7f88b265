import type { PolicyFacts } from '../policy.ts';
import {
  type AutoProvisionedNode,
  CLUSTER,
  type CloudResource,
  type ClusterInputs,
  NODE_POOL,
  type NodeConfig,
  type NodePoolInputs,
} from './resource.ts';

/** One rule over what a program asks Google Cloud for. */
export interface CloudPolicy extends Omit<PolicyFacts, 'reads'> {
  /** What is wrong with one resource, seen beside all others; empty when it holds. */
  readonly check: (resource: CloudResource, all: readonly CloudResource[]) => readonly string[];
}

type Facts = Omit<CloudPolicy, 'check'>;
export type Messages = readonly (string | false)[];

const found = (messages: Messages): readonly string[] => messages.filter((message) => message !== false);

/** A rule over every resource of one type. */
export const typePolicy = <Inputs>(
  facts: Facts,
  type: string,
  check: (inputs: Inputs, all: readonly CloudResource[]) => Messages,
): CloudPolicy => ({
  ...facts,
  check: (resource, all) => (resource.type === type ? found(check(resource.inputs as Inputs, all)) : []),
});

/** A rule over clusters and node pools, each by what it has to say of it. */
export const clusterPolicy = (
  facts: Facts,
  rules: {
    readonly cluster?: (inputs: ClusterInputs) => Messages;
    readonly pool?: (inputs: NodePoolInputs) => Messages;
    /** Of pools, and of the pool that a cluster is made with. */
    readonly nodes?: (config: NodeConfig) => Messages;
    /** Of pools that GKE makes by itself. */
    readonly autoProvisioned?: (config: AutoProvisionedNode) => Messages;
  },
): CloudPolicy => ({
  ...facts,
  check: ({ type, inputs }) => {
    if (type === CLUSTER) {
      const cluster: ClusterInputs = inputs;
      const { enabled, autoProvisioningDefaults } = cluster.clusterAutoscaling ?? {};
      return found([
        ...(rules.cluster?.(cluster) ?? []),
        ...(rules.nodes?.(cluster.nodeConfig ?? {}) ?? []),
        ...(enabled === true ? (rules.autoProvisioned?.(autoProvisioningDefaults ?? {}) ?? []) : []).map(
          (message) => message !== false && `${message}, where GKE makes pools by itself`,
        ),
      ]);
    }
    if (type === NODE_POOL) {
      const pool: NodePoolInputs = inputs;
      return found([...(rules.pool?.(pool) ?? []), ...(rules.nodes?.(pool.nodeConfig ?? {}) ?? [])]);
    }
    return [];
  },
});
