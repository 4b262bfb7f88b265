import type { ServicePorts } from '@penstock/model';
import { k8s } from 'cdk8s-plus-28';
import { Binding } from '../binding.ts';
import { selectorLabels } from './labels.ts';
import { metadataOf, type Workload, type WorkloadContext } from './workload.ts';

/** A workload that others call. */
export interface CalledWorkload extends Workload {
  readonly service: Workload['service'] & { readonly ports: ServicePorts };
}

/** Which pods of a workload answer, and by which of their ports. */
export interface Answering {
  /** In addition to those of the workload. */
  readonly labels: Readonly<Record<string, string>>;
  readonly port: string;
}

/** The Service of a workload, inside the cluster only: the way in from outside is a gateway's. */
export function clusterService(
  context: WorkloadContext<CalledWorkload>,
  { labels, port }: Answering = { labels: {}, port: 'http' },
): unknown {
  const { topology, workload } = context;
  return k8s.KubeService.manifest({
    metadata: metadataOf(context),
    spec: {
      type: 'ClusterIP',
      selector: { ...selectorLabels(topology, workload), ...labels },
      ports: [
        {
          name: 'http',
          port: workload.service.ports.http,
          targetPort: k8s.IntOrString.fromString(port),
          appProtocol: 'http',
        },
      ],
    },
  });
}

/** Where callers find it. */
export const clusterAddress = ({ name, service }: CalledWorkload, namespace: string): Binding<string> =>
  Binding.of(`http://${name}.${namespace}.svc.cluster.local:${service.ports.http}`);
