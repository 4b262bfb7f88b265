import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { HelmChart } from 'aws-cdk-lib/aws-eks-v2';
import { Construct, type IConstruct } from 'constructs';
import type { EksKubectl } from './eks-kubectl.ts';

export interface HelmRelease {
  readonly name: string;
  readonly namespace: string;
  /** `https://...`, or `oci://...` without the name of the chart. */
  readonly repository: string;
  readonly chart: string;
  readonly version: string;
  readonly values: Readonly<Record<string, unknown>>;
}

export interface HelmReleasesProps {
  readonly kubectl: EksKubectl;
  /** Each after those it needs. */
  readonly releases: readonly HelmRelease[];
  /** What has to be there before the first of them. @default - nothing but the cluster */
  readonly after?: readonly IConstruct[];
}

/**
 * Operators in a cluster, one after the other: each has its definitions and webhooks running before the next begins, and a
 * release that fails is taken back as a whole, for Helm refuses to go on from a half of one. A release that leaves the
 * declaration stays: with its definitions every object of them would go.
 */
export class HelmReleases extends Construct {
  /** By the name of the release. */
  readonly nodes: Readonly<Record<string, HelmChart>>;

  constructor(scope: Construct, id: string, { kubectl, releases, after }: HelmReleasesProps) {
    super(scope, id);
    const nodes: Record<string, HelmChart> = {};
    let before = after ?? [];
    for (const { name, namespace, repository, chart, version, values } of releases) {
      const release = new HelmChart(this, name, {
        cluster: kubectl.nodes.cluster,
        release: name,
        namespace,
        chart,
        // What CDK pulls from such a registry it pulls by the whole name.
        repository: repository.startsWith('oci://') ? `${repository}/${chart}` : repository,
        version,
        values: { ...values },
        atomic: true,
        wait: true,
        timeout: Duration.minutes(14),
        removalPolicy: RemovalPolicy.RETAIN,
      });
      release.node.addDependency(kubectl.nodes.access, ...before);
      nodes[name] = release;
      before = [release];
    }
    this.nodes = nodes;
  }
}
