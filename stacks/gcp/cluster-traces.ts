import type { Topology } from '@penstock/model';
import type { ComponentResourceOptions } from '@pulumi/pulumi';
import type { GkeCluster } from '../../constructs/gcp/gke-cluster.ts';
import { WorkloadIdentity } from '../../constructs/gcp/workload-identity.ts';
import { type Flow, tcp } from '../../constructs/kubernetes/index.ts';
import type { TracesEnvironment } from '../environments/index.ts';
import type { GcpEnvironment } from './environment.ts';

/** Where the Telemetry API is: Google answers for it by many addresses, all of them outside of the network. */
const TELEMETRY_API: Flow = { peer: { cidr: '0.0.0.0/0' }, ports: [tcp(443)] };

/** Who sends traces to the project: the collector in the cluster, which can read none. Undefined where nobody traces. */
export function tracesSender(
  topology: Topology,
  { project, workloads }: GcpEnvironment,
  cluster: GkeCluster,
  options: ComponentResourceOptions,
): WorkloadIdentity | undefined {
  if (workloads.traces === undefined) return undefined;
  const sender = `${topology.name}-traces`;
  return new WorkloadIdentity(
    sender,
    {
      project,
      cluster,
      workload: sender,
      serviceAccount: { namespace: workloads.namespace, name: sender },
      writes: ['roles/telemetry.tracesWriter'],
    },
    options,
  );
}

/** The collector as any cluster has it, for Cloud Trace. */
export const tracesEnvironment = (
  { project, workloads: { traces } }: GcpEnvironment,
  account: Readonly<Record<string, string>>,
  reaches: readonly Flow[],
): { readonly traces?: TracesEnvironment } =>
  traces === undefined
    ? {}
    : {
        traces: {
          ...traces,
          backend: { kind: 'cloud-trace', project: project.id },
          reaches: [TELEMETRY_API, ...reaches],
          account,
        },
      };
