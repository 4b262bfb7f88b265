import type { Topology } from '@penstock/model';
import { billing } from '@pulumi/gcp';
import type { ComponentResourceOptions } from '@pulumi/pulumi';
import { insideOf } from '../../charts/workloads.ts';
import type { ArtifactPlaces } from '../../constructs/gcp/artifact-store.ts';
import type { GkeCluster } from '../../constructs/gcp/gke-cluster.ts';
import type { WorkloadIdentity } from '../../constructs/gcp/workload-identity.ts';
import { clusterCharts } from './cluster-charts.ts';
import { secretsReader } from './cluster-secrets.ts';
import { tracesSender } from './cluster-traces.ts';
import { DataServices } from './data-services.ts';
import type { GcpEnvironment } from './environment.ts';
import { foundationOf } from './foundation.ts';
import { gpuNodePools } from './gpu-node-pools.ts';
import { identitiesOf } from './identities.ts';
import { arrivalsReader, observe } from './observability.ts';
import { VertexEngines } from './vertex-engines.ts';

export interface GcpPlatform {
  readonly cluster: GkeCluster;
  readonly data: DataServices;
  /** By the id of the workload. */
  readonly identities: Readonly<Record<string, WorkloadIdentity>>;
  readonly vertex: VertexEngines;
}

/** Shares of the budget at which those who pay for the project hear of it; the last one looks ahead. */
const THRESHOLDS = [
  { thresholdPercent: 0.5, spendBasis: 'CURRENT_SPEND' },
  { thresholdPercent: 0.9, spendBasis: 'CURRENT_SPEND' },
  { thresholdPercent: 1, spendBasis: 'FORECASTED_SPEND' },
];

/** Everything a platform has on Google Cloud, but for its artifacts: those are there before. */
export function platformProgram(
  topology: Topology,
  environment: GcpEnvironment,
  artifacts: ArtifactPlaces,
  options: ComponentResourceOptions = {},
): GcpPlatform {
  const { network, cluster } = foundationOf(topology, environment, artifacts, options);
  const data = new DataServices(topology, environment, network, options);
  const vertex = new VertexEngines(topology, environment, network, artifacts, options);
  const reaching = new Set([...data.users, ...vertex.callers]);
  const reaches = Object.fromEntries([...reaching].map((id) => [id, { roles: data.rolesOf(id) }]));
  const pools = gpuNodePools(insideOf(topology, vertex.inferences), environment, cluster, options);
  const identities = identitiesOf(topology, environment, cluster, reaches, options);
  data.admit(identities);
  vertex.admit(identities);
  budgetOf(topology, environment, options);
  const secrets = secretsReader(topology, environment, vertex, cluster, options);
  const operators = {
    keda: arrivalsReader(topology, environment, cluster, options),
    ...(secrets === undefined ? {} : { 'external-secrets': secrets }),
  };
  const sender = tracesSender(topology, environment, cluster, options);
  const surroundings = { cluster, artifacts, data, vertex, identities, pools, operators, sender };
  const charts = clusterCharts(topology, environment, surroundings, options);
  const beside = { data, vertex: vertex.inferences };
  for (const watched of charts) observe({ ...watched, topology }, environment, beside, options);
  return { cluster, data, identities, vertex };
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
