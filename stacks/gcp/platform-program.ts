import type { ResolvedInferenceEngine, Topology } from '@penstock/model';
import { billing } from '@pulumi/gcp';
import type { ComponentResourceOptions } from '@pulumi/pulumi';
import { ArtifactStore } from '../../constructs/gcp/artifact-store.ts';
import type { GkeCluster } from '../../constructs/gcp/gke-cluster.ts';
import type { WorkloadIdentity } from '../../constructs/gcp/workload-identity.ts';
import { DataServices } from './data-services.ts';
import type { GcpEnvironment } from './environment.ts';
import { foundationOf } from './foundation.ts';
import { identitiesOf, type Reach } from './identities.ts';

export interface GcpPlatform {
  readonly store: ArtifactStore;
  readonly cluster: GkeCluster;
  readonly data: DataServices;
  /** By the id of the workload. */
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
  const store = new ArtifactStore(topology.name, { topology, location: environment.region }, options);
  const { network, cluster } = foundationOf(topology, environment, store, options);
  const data = new DataServices(topology, environment, network, options);
  // Each engine reads the files of its own model at its own revision.
  const weights = Object.entries<ResolvedInferenceEngine>(topology.engines).map(
    ([id, { model }]) =>
      [id, { weights: { bucket: store.nodes.weights, prefix: `${model.id}/${model.revision}/` } }] as const,
  );
  const reaches: Readonly<Record<string, Reach>> = Object.fromEntries([
    ...weights.map(([id, reads]) => [id, { reads, roles: data.rolesOf(id) }] as const),
    ...[...data.users]
      .filter((id) => topology.engines[id] === undefined)
      .map((id) => [id, { roles: data.rolesOf(id) }] as const),
  ]);
  const identities = identitiesOf(topology, environment, cluster, reaches, options);
  data.admit(identities);
  budgetOf(topology, environment, options);
  return { store, cluster, data, identities };
}

function budgetOf(
  { name }: Topology,
  { project, environment, budget }: GcpEnvironment,
  options: ComponentResourceOptions,
): void {
  new billing.Budget(
    name,
    {
      billingAccount: budget.billingAccount,
      displayName: `${name} (${environment})`,
      budgetFilter: { projects: [`projects/${project.number}`], calendarPeriod: 'MONTH' },
      amount: { specifiedAmount: { currencyCode: budget.currency, units: String(budget.monthly) } },
      thresholdRules: THRESHOLDS,
    },
    options,
  );
}
