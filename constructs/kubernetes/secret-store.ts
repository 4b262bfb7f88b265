import type { Topology } from '@penstock/model';
import type { ApiObject } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import type { Binding } from '../binding.ts';
import { emit, type Override } from './api-object.ts';
import { type SecretStoreSpec, secretStore } from './crd/external-secret.ts';
import { platformMetadata } from './labels.ts';

/** Where secrets are kept. Each cloud knows the reader by its service account: there is no first secret to store. */
export type SecretBackend =
  | {
      readonly cloud: 'aws';
      readonly region: Binding<string>;
      /** The role that the service account may assume. */
      readonly role: Binding<string>;
    }
  | {
      readonly cloud: 'gcp';
      readonly project: Binding<string>;
      readonly clusterLocation: Binding<string>;
      readonly clusterName: Binding<string>;
      /** E-mail of the Google service account that the Kubernetes one stands for. */
      readonly account: Binding<string>;
    };

export interface SecretStoreProps {
  readonly topology: Topology;
  readonly backend: SecretBackend;
  readonly overrides?: { readonly store?: Override; readonly serviceAccount?: Override };
}

/** The store that the namespace reads secrets from, and the one account that may. */
export class SecretStore extends Construct {
  readonly nodes: { readonly store: ApiObject; readonly serviceAccount: ApiObject };
  readonly reference: { readonly name: string; readonly kind: 'SecretStore' };

  constructor(scope: Construct, id: string, { topology, backend, overrides }: SecretStoreProps) {
    super(scope, id);
    const name = `${topology.name}-secrets`;
    const metadata = platformMetadata(topology, name);
    const account = k8s.KubeServiceAccount.manifest({
      metadata: { ...metadata, annotations: { ...metadata.annotations, ...identity(backend) } },
      automountServiceAccountToken: false,
    });
    this.nodes = {
      serviceAccount: emit(this, 'service-account', account, overrides?.serviceAccount),
      store: secretStore(this, 'store', { metadata, spec: specOf(backend, name) }, overrides?.store),
    };
    this.nodes.store.addDependency(this.nodes.serviceAccount);
    this.reference = { name, kind: 'SecretStore' };
  }
}

const identity = (backend: SecretBackend): Readonly<Record<string, string>> =>
  backend.cloud === 'aws'
    ? { 'eks.amazonaws.com/role-arn': backend.role.lower() }
    : { 'iam.gke.io/gcp-service-account': backend.account.lower() };

function specOf(backend: SecretBackend, account: string): SecretStoreSpec {
  const serviceAccountRef = { name: account };
  if (backend.cloud === 'aws') {
    const aws = {
      service: 'SecretsManager',
      region: backend.region.lower(),
      auth: { jwt: { serviceAccountRef } },
    } as const;
    return { provider: { aws } };
  }
  const workloadIdentity = {
    clusterLocation: backend.clusterLocation.lower(),
    clusterName: backend.clusterName.lower(),
    serviceAccountRef,
  };
  return { provider: { gcpsm: { projectID: backend.project.lower(), auth: { workloadIdentity } } } };
}
