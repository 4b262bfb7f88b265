import type { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import type { Binding } from '../binding.ts';
import type { Override } from './api-object.ts';
import { type ClusterSecretStoreSpec, clusterSecretStore } from './crd/external-secret.ts';
import { clusterMetadata } from './labels.ts';

/** Secrets Manager of a region of AWS, or Secret Manager of a project of Google Cloud. */
export type ClusterSecretBackend =
  | { readonly cloud: 'aws'; readonly region: Binding<string> }
  | { readonly cloud: 'gcp'; readonly project: Binding<string> };

export interface ClusterSecretStoreProps {
  readonly name: string;
  readonly backend: ClusterSecretBackend;
  /** Whose secrets may come from here. */
  readonly namespaces: readonly [string, ...string[]];
  readonly overrides?: { readonly store?: Override };
}

/**
 * The store of a cloud for several namespaces, read as the operator itself: EKS Pod Identity and Workload Identity of GKE
 * know its pods, and lend it to no other account. What it may read is said by the grant of its account.
 */
export class ClusterSecretStore extends Construct {
  readonly nodes: { readonly store: ApiObject };
  readonly reference: { readonly name: string; readonly kind: 'ClusterSecretStore' };

  constructor(scope: Construct, id: string, { name, backend, namespaces, overrides }: ClusterSecretStoreProps) {
    super(scope, id);
    this.nodes = {
      store: clusterSecretStore(
        this,
        'store',
        {
          metadata: clusterMetadata(name, 'secrets'),
          spec: { provider: providerOf(backend), conditions: [{ namespaces: [...namespaces] }] },
        },
        overrides?.store,
      ),
    };
    this.reference = { name, kind: 'ClusterSecretStore' };
  }
}

const providerOf = (backend: ClusterSecretBackend): ClusterSecretStoreSpec['provider'] =>
  backend.cloud === 'aws'
    ? { aws: { service: 'SecretsManager', region: backend.region.lower() } }
    : { gcpsm: { projectID: backend.project.lower() } };
