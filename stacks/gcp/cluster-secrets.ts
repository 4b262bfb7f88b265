import type { Topology } from '@penstock/model';
import type { ComponentResourceOptions } from '@pulumi/pulumi';
import type { App } from 'cdk8s';
import { ADDONS } from '../../charts/addons.ts';
import { GcpFoundationChart } from '../../charts/gcp-foundation.ts';
import { Binding } from '../../constructs/binding.ts';
import { ConstructError } from '../../constructs/errors.ts';
import type { GkeCluster } from '../../constructs/gcp/gke-cluster.ts';
import { WorkloadIdentity } from '../../constructs/gcp/workload-identity.ts';
import { SecretReference } from '../../constructs/secret-reference.ts';
import type { BrokerEnvironment, WorkloadSecrets } from '../environments/index.ts';
import type { GcpEnvironment } from './environment.ts';
import { CERTIFICATE, type VertexEngines } from './vertex-engines.ts';

/** Name of the operator's release, and so of its account in the cluster. */
const OPERATOR = 'external-secrets';

/** As Secret Manager takes them: it has no folders. */
const SECRET_ID = /^[A-Za-z0-9_-]{1,255}$/;

interface Trust {
  readonly broker: BrokerEnvironment;
  readonly authorityKey: string;
}

/** What the callers of engines on Vertex AI trust, by their ids. @throws {ConstructError} `reference-missing` without a store */
export function certificates(
  { workloads: { nats, secrets } }: GcpEnvironment,
  { callers }: VertexEngines,
): Readonly<Record<string, WorkloadSecrets>> {
  return Object.fromEntries(
    callers.map((id) => {
      const kept = secrets?.[id];
      const store = kept?.store ?? ('cluster' in nats ? nats.cluster.secrets.store : undefined);
      if (store === undefined)
        throw new ConstructError(
          'reference-missing',
          `workload ${id}`,
          `calls an engine on Vertex AI, and no store of secrets keeps ${CERTIFICATE.key}, by which it knows its endpoint`,
        );
      return [id, { store, files: { ...kept?.files, [CERTIFICATE.file]: { key: CERTIFICATE.key } } }];
    }),
  );
}

/** Undefined where servers are somebody else's, or a store and an issuer are there already. */
function trustOf({ workloads: { nats, authorityKey } }: GcpEnvironment): Trust | undefined {
  if (!('cluster' in nats) || authorityKey === undefined) return undefined;
  return { broker: nats.cluster, authorityKey };
}

/**
 * Who reads the platform's secrets: the operator in the cluster, each secret that its objects name and no other. Undefined
 * where it has none to read.
 *
 * @throws {ConstructError} `name-malformed` for what is no id of a secret
 */
export function secretsReader(
  topology: Topology,
  environment: GcpEnvironment,
  { callers }: VertexEngines,
  cluster: GkeCluster,
  options: ComponentResourceOptions,
): WorkloadIdentity | undefined {
  const trust = trustOf(environment);
  if (trust === undefined) return undefined;
  const reader = `${topology.name}-secrets`;
  return new WorkloadIdentity(
    reader,
    {
      project: environment.project,
      cluster,
      workload: reader,
      serviceAccount: { namespace: ADDONS[OPERATOR].namespace, name: OPERATOR },
      secrets: Object.fromEntries(keysOf(trust, callers).map((key) => [key, stored(key)])),
    },
    options,
  );
}

/** The store of the cluster and the issuer that signs by what it keeps, before everything that asks for them. */
export function secretsChart(app: App, topology: Topology, environment: GcpEnvironment): void {
  const trust = trustOf(environment);
  if (trust === undefined) return;
  const { broker, authorityKey } = trust;
  new GcpFoundationChart(app, '0-foundation', {
    topology,
    project: Binding.of(environment.project.id),
    store: broker.secrets.store.name,
    namespaces: [environment.workloads.namespace, broker.namespace],
    issuer: broker.issuer.name,
    authority: { certificate: stored(broker.secrets.authority), key: stored(authorityKey) },
  });
}

function keysOf({ broker, authorityKey }: Trust, callers: VertexEngines['callers']): readonly string[] {
  const { secrets, operator, clients } = broker;
  const seeds = [operator, ...Object.values(clients)].map(({ seed }) => seed);
  const trusted = callers.length === 0 ? [] : [CERTIFICATE.key];
  return [...new Set([secrets.authority, authorityKey, ...seeds, ...trusted])].toSorted();
}

function stored(key: string): SecretReference {
  if (!SECRET_ID.test(key))
    throw new ConstructError(
      'name-malformed',
      'workloads.nats',
      `received ${JSON.stringify(key)}, expected a name of letters, digits, _ and - as Secret Manager has them`,
    );
  return SecretReference.inStore({ key: Binding.of(key) });
}
