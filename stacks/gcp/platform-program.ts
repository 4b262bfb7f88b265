import type { ResolvedInferenceEngine, Topology } from '@penstock/model';
import { billing } from '@pulumi/gcp';
import type { ComponentResourceOptions } from '@pulumi/pulumi';
import { ArtifactStore } from '../../constructs/gcp/artifact-store.ts';
import { EncryptionKey } from '../../constructs/gcp/encryption-key.ts';
import { GkeCluster } from '../../constructs/gcp/gke-cluster.ts';
import type { ServiceAgent } from '../../constructs/gcp/google-project.ts';
import { Network } from '../../constructs/gcp/network.ts';
import { NodeAccount } from '../../constructs/gcp/node-account.ts';
import { WorkloadIdentity } from '../../constructs/gcp/workload-identity.ts';
import type { GcpEnvironment } from './configuration.ts';

export interface GcpPlatform {
  readonly store: ArtifactStore;
  readonly cluster: GkeCluster;
  /** By the id of the engine. */
  readonly identities: Readonly<Record<string, WorkloadIdentity>>;
}

/** Shares of the budget at which those who pay for the project hear of it; the last one looks ahead. */
const THRESHOLDS = [
  { thresholdPercent: 0.5, spendBasis: 'CURRENT_SPEND' },
  { thresholdPercent: 0.9, spendBasis: 'CURRENT_SPEND' },
  { thresholdPercent: 1, spendBasis: 'FORECASTED_SPEND' },
];

/** Everything a platform has on Google Cloud. */
export function platformProgram(
  topology: Topology,
  environment: GcpEnvironment,
  options: ComponentResourceOptions = {},
): GcpPlatform {
  const { name } = topology;
  const { project, region, environment: kind, budget } = environment;
  const store = new ArtifactStore(name, { topology, location: region }, options);
  const network = new Network(name, { region, ranges: environment.ranges }, options);
  const key = (what: string, agent: ServiceAgent): EncryptionKey =>
    new EncryptionKey(`${name}-${what}`, { project, location: region, usedBy: [agent], environment: kind }, options);
  const common = {
    project,
    network,
    zones: environment.zones,
    access: environment.access,
    keys: { secrets: key('secrets', 'kubernetes-engine'), disks: key('disks', 'compute-engine') },
    nodeAccount: new NodeAccount(
      `${name}-nodes`,
      { project, accountId: `${name}-nodes`, repositories: { images: store.nodes.repository } },
      options,
    ),
    systemNodes: environment.systemNodes,
    maintenance: environment.maintenance,
    labels: { platform: name },
  };
  const cluster = new GkeCluster(name, { ...common, environment: kind, channel: 'REGULAR' }, options);
  // Each engine reads the files of its own model at its own revision, and nothing else has an account.
  const identities = Object.fromEntries(
    Object.entries<ResolvedInferenceEngine>(topology.engines).map(([id, engine]) => [
      id,
      new WorkloadIdentity(
        engine.name,
        {
          project,
          cluster,
          workload: engine.name,
          serviceAccount: { namespace: environment.namespace, name: engine.name },
          reads: {
            weights: { bucket: store.nodes.weights, prefix: `${engine.model.id}/${engine.model.revision}/` },
          },
        },
        options,
      ),
    ]),
  );
  new billing.Budget(
    name,
    {
      billingAccount: budget.billingAccount,
      displayName: `${name} (${kind})`,
      budgetFilter: { projects: [`projects/${project.number}`], calendarPeriod: 'MONTH' },
      amount: { specifiedAmount: { currencyCode: budget.currency, units: String(budget.monthly) } },
      thresholdRules: THRESHOLDS,
    },
    options,
  );
  return { store, cluster, identities };
}
