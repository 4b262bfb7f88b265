import { byIdentity, identity } from '../lookup.ts';
import { type Labels, selects, specOf, type WorkloadSpec } from '../manifest.ts';
import { kindPolicy } from '../policy.ts';

interface ServiceSpec {
  readonly clusterIP: string;
  readonly selector: Labels;
}

/** Rule 39, for pods that others know by name. */
export const statefulSetNamed = kindPolicy(
  {
    id: 'stateful-set-named',
    rules: [39],
    source: 'kube-score (statefulset-has-servicename), Kubernetes documentation (StatefulSet)',
    reads: ['Service'],
    reason: 'without a headless service its pods have no names: they never find each other again',
  },
  ['StatefulSet'],
  (manifest, all) => {
    const { serviceName, template } = specOf<WorkloadSpec & { readonly serviceName: string }>(manifest);
    const [service] = byIdentity(all, identity('Service', manifest.metadata.namespace, serviceName));
    const { clusterIP, selector } = specOf<ServiceSpec>(service ?? manifest);
    return [
      service === undefined && `has no service ${serviceName ?? '(serviceName is not stated)'}`,
      service !== undefined && clusterIP !== 'None' && `its service ${serviceName} is not headless (clusterIP None)`,
      service !== undefined &&
        !selects(selector, template?.metadata?.labels) &&
        `its service ${serviceName} selects other pods`,
    ];
  },
);
