import { dev as devCluster } from './dev.ts';
import type { KubernetesEnvironment } from './kubernetes-environment.ts';
import { prod as prodCluster } from './prod.ts';

/** What runs in a cluster of Google Cloud. Images and weights lie in the registry of the artifacts. */
export interface GcpWorkloads extends Omit<KubernetesEnvironment, 'images' | 'weights' | 'accounts' | 'reaches'> {
  /** Tag of each service's image, by the name it declares. */
  readonly versions: Readonly<Record<string, string>>;
}

/**
 * GKE brings collectors of its own, in a namespace of theirs, and the rules are evaluated outside of the cluster. Nothing
 * inside answers queries, so that workers are scaled by their backlog alone.
 */
function collectedByGoogle(cluster: KubernetesEnvironment): KubernetesEnvironment {
  const { prometheus: _none, ...rest } = cluster;
  return { ...rest, collector: 'google-managed', monitoringNamespace: 'gke-gmp-system' };
}

const dev: GcpWorkloads = {
  ...collectedByGoogle(devCluster),
  versions: { 'task-queue': '0.1.0', 'inference-engine': '0.1.0' },
};

const prod: GcpWorkloads = {
  ...collectedByGoogle(prodCluster),
  versions: { 'task-queue': '0.1.0', 'inference-engine': '0.1.0' },
};

/** By the names that `Pulumi.<stack>.yaml` says. */
export const gcpWorkloads: Readonly<Record<string, GcpWorkloads>> = { dev, prod };
