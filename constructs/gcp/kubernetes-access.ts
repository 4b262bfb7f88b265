import { Provider } from '@pulumi/kubernetes';
import { all, ComponentResource, type ComponentResourceOptions } from '@pulumi/pulumi';
import type { GkeCluster } from './gke-cluster.ts';

export interface KubernetesAccessArgs {
  readonly cluster: GkeCluster;
}

/**
 * How a program speaks to the API of a cluster: as whoever runs it, by tokens that Google's plugin gets at that moment.
 * Nothing in the state lets anybody in. Whoever deploys needs `gke-gcloud-auth-plugin`, and a way to the control plane.
 */
export class KubernetesAccess extends ComponentResource {
  readonly nodes: { readonly provider: Provider };

  constructor(name: string, { cluster }: KubernetesAccessArgs, options: ComponentResourceOptions = {}) {
    super('penstock:gcp:KubernetesAccess', name, {}, options);
    const kubeconfig = all([cluster.endpoint, cluster.certificateAuthority]).apply(([endpoint, authority]) =>
      JSON.stringify(kubeconfigOf(name, endpoint, authority)),
    );
    const provider = new Provider(
      name,
      {
        kubeconfig,
        // The same cluster behind a new address or authority is the same cluster: nothing in it is made anew.
        clusterIdentifier: cluster.nodes.cluster.id,
        // Fields that others own, such as the replicas that a scaler sets, stay theirs.
        enableServerSideApply: true,
        // What cannot be reached is not gone.
        deleteUnreachable: false,
      },
      { parent: this, dependsOn: [cluster] },
    );
    this.nodes = { provider };
    this.registerOutputs({});
  }
}

const kubeconfigOf = (name: string, endpoint: string, authority: string) => ({
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': name,
  contexts: [{ name, context: { cluster: name, user: name } }],
  clusters: [{ name, cluster: { server: `https://${endpoint}`, 'certificate-authority-data': authority } }],
  users: [
    {
      name,
      user: {
        exec: {
          apiVersion: 'client.authentication.k8s.io/v1beta1',
          command: 'gke-gcloud-auth-plugin',
          installHint: 'gcloud components install gke-gcloud-auth-plugin',
          interactiveMode: 'Never',
          provideClusterInfo: true,
        },
      },
    },
  ],
});
