import { Construct } from 'constructs';
import type { Binding } from '../binding.ts';
import type { EksCluster } from './eks-cluster.ts';
import { exempt } from './exemption.ts';
import { WorkloadGrant } from './workload-grant.ts';
import { WorkloadIdentity } from './workload-identity.ts';

export interface TelemetryAccessProps {
  readonly cluster: EksCluster;
  readonly metrics: {
    readonly namespace: string;
    /** Of Prometheus alone. */
    readonly serviceAccount: string;
    /** ARN of the workspace. */
    readonly workspace: Binding<string>;
  };
  /** @default - spans are not sent */
  readonly traces?: {
    readonly namespace: string;
    /** Of the collector alone. */
    readonly serviceAccount: string;
  };
}

const WHY_EVERYTHING = 'spans cannot be named in a policy; the right is to write them and nothing else';

/** Who in a cluster may send to Amazon what was measured there: one account each, which can read nothing of it. */
export class TelemetryAccess extends Construct {
  readonly nodes: { readonly metrics: WorkloadIdentity; readonly traces: WorkloadIdentity | undefined };

  /** @throws {ConstructError} `reference-missing` for the account that every pod has that names none */
  constructor(scope: Construct, id: string, { cluster, metrics, traces }: TelemetryAccessProps) {
    super(scope, id);
    this.nodes = {
      metrics: new WorkloadIdentity(this, 'Metrics', {
        cluster,
        namespace: metrics.namespace,
        serviceAccount: metrics.serviceAccount,
        grants: [WorkloadGrant.writeMetrics(metrics.workspace)],
      }),
      traces: traces === undefined ? undefined : this.#collector(cluster, traces),
    };
  }

  #collector(
    cluster: EksCluster,
    { namespace, serviceAccount }: NonNullable<TelemetryAccessProps['traces']>,
  ): WorkloadIdentity {
    const grants = [WorkloadGrant.sendTraces()] as const;
    const identity = new WorkloadIdentity(this, 'Traces', { cluster, namespace, serviceAccount, grants });
    const { policy } = identity.nodes;
    exempt(policy, { because: WHY_EVERYTHING, policies: ['rights-least'], nag: ['IAM5[Resource::*]'] });
    return identity;
  }
}
