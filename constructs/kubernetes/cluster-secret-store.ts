import type { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import type { Binding } from '../binding.ts';
import type { Override } from './api-object.ts';
import { clusterSecretStore } from './crd/external-secret.ts';
import { clusterMetadata } from './labels.ts';

export interface ClusterSecretStoreProps {
  readonly name: string;
  /** Of AWS Secrets Manager. */
  readonly region: Binding<string>;
  /** Whose secrets may come from here. */
  readonly namespaces: readonly [string, ...string[]];
  readonly overrides?: { readonly store?: Override };
}

/**
 * AWS Secrets Manager for several namespaces, read as the operator itself: EKS Pod Identity knows its pods, and lends it
 * to no other account. What it may read is said by the grant of its role.
 */
export class ClusterSecretStore extends Construct {
  readonly nodes: { readonly store: ApiObject };
  readonly reference: { readonly name: string; readonly kind: 'ClusterSecretStore' };

  constructor(scope: Construct, id: string, { name, region, namespaces, overrides }: ClusterSecretStoreProps) {
    super(scope, id);
    this.nodes = {
      store: clusterSecretStore(
        this,
        'store',
        {
          metadata: clusterMetadata(name, 'secrets'),
          spec: {
            provider: { aws: { service: 'SecretsManager', region: region.lower() } },
            conditions: [{ namespaces: [...namespaces] }],
          },
        },
        overrides?.store,
      ),
    };
    this.reference = { name, kind: 'ClusterSecretStore' };
  }
}
