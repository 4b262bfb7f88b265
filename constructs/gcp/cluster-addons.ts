import { helm, yaml } from '@pulumi/kubernetes';
import {
  ComponentResource,
  type ComponentResourceOptions,
  type CustomResourceOptions,
  type Resource,
} from '@pulumi/pulumi';
import type { KubernetesAccess } from './kubernetes-access.ts';

/** Where an operator is installed from, always one version of it. */
export type ClusterAddon = { readonly name: string } & (HelmChart | { readonly manifestUrl: string });

export interface HelmChart {
  readonly namespace: string;
  /** `https://...`, or `oci://...` without the name of the chart. */
  readonly repository: string;
  readonly chart: string;
  readonly version: string;
  readonly values: Readonly<Record<string, unknown>>;
}

export interface ClusterAddonsArgs {
  readonly access: KubernetesAccess;
  /** Each after those it needs. */
  readonly addons: readonly ClusterAddon[];
}

/** Of one release until everything in it is ready. */
const TIMEOUT_SECONDS = 840;

/**
 * Operators in a cluster, one after the other: each has its definitions and webhooks running before the next begins, and a
 * release that fails is taken back as a whole. A release is one resource: charts that the program itself renders fail in
 * a preview as long as their definitions are not there.
 */
export class ClusterAddons extends ComponentResource {
  /** By the name of the add-on. */
  readonly nodes: Readonly<Record<string, Resource>>;

  constructor(name: string, { access, addons }: ClusterAddonsArgs, options: ComponentResourceOptions = {}) {
    super('penstock:gcp:ClusterAddons', name, {}, options);
    const nodes: Record<string, Resource> = {};
    let before: readonly Resource[] = [];
    for (const addon of addons) {
      const child = { parent: this, provider: access.nodes.provider, dependsOn: [...before] };
      const installed =
        'manifestUrl' in addon
          ? new yaml.v2.ConfigFile(addon.name, { file: addon.manifestUrl }, child)
          : releaseOf(addon.name, addon, child);
      nodes[addon.name] = installed;
      before = [installed];
    }
    this.nodes = nodes;
    this.registerOutputs({});
  }
}

function releaseOf(
  name: string,
  { namespace, repository, chart, version, values }: HelmChart,
  options: CustomResourceOptions,
): helm.v3.Release {
  const oci = repository.startsWith('oci://');
  return new helm.v3.Release(
    name,
    {
      name,
      namespace,
      createNamespace: true,
      chart: oci ? `${repository}/${chart}` : chart,
      ...(oci ? {} : { repositoryOpts: { repo: repository } }),
      version,
      values: { ...values },
      atomic: true,
      timeout: TIMEOUT_SECONDS,
    },
    options,
  );
}
