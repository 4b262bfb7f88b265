import type { Construct } from 'constructs';
import { emit, emitForCluster, type Override } from '../api-object.ts';
import type { CustomResourceProps } from './scaled-object.ts';

/** The fields of an ExternalSecret that we emit. */
export interface ExternalSecretSpec {
  /** Go's duration. */
  readonly refreshInterval: string;
  readonly secretStoreRef: { readonly name: string; readonly kind: 'SecretStore' | 'ClusterSecretStore' };
  readonly target: {
    readonly name: string;
    readonly creationPolicy: 'Owner';
    readonly deletionPolicy: 'Retain';
    /** Files made of the secrets. @default - each secret is a file as it is */
    readonly template?: { readonly engineVersion: 'v2'; readonly data: Readonly<Record<string, string>> };
  };
  readonly data: readonly {
    readonly secretKey: string;
    readonly remoteRef: { readonly key: string; readonly property?: string; readonly version?: string };
  }[];
}

/** The fields of a SecretStore that we emit: clouds that know a pod by its service account, so that nothing is stored. */
export interface SecretStoreSpec {
  readonly provider:
    | {
        readonly aws: {
          readonly service: 'SecretsManager';
          readonly region: string;
          readonly auth: { readonly jwt: { readonly serviceAccountRef: { readonly name: string } } };
        };
      }
    | {
        readonly gcpsm: {
          readonly projectID: string;
          readonly auth: {
            readonly workloadIdentity: {
              readonly clusterLocation: string;
              readonly clusterName: string;
              readonly serviceAccountRef: { readonly name: string };
            };
          };
        };
      };
}

const API_VERSION = 'external-secrets.io/v1';

export function externalSecret(
  scope: Construct,
  id: string,
  props: CustomResourceProps<ExternalSecretSpec>,
  override?: Override,
) {
  return emit(scope, id, { apiVersion: API_VERSION, kind: 'ExternalSecret', ...props }, override);
}

export function secretStore(
  scope: Construct,
  id: string,
  props: CustomResourceProps<SecretStoreSpec>,
  override?: Override,
) {
  return emit(scope, id, { apiVersion: API_VERSION, kind: 'SecretStore', ...props }, override);
}

/** The fields of a ClusterSecretStore that we emit: without `auth` the operator reads as who it is itself. */
export interface ClusterSecretStoreSpec {
  readonly provider:
    | { readonly aws: { readonly service: 'SecretsManager'; readonly region: string } }
    | { readonly gcpsm: { readonly projectID: string } };
  /** Namespaces that may refer to it. */
  readonly conditions: readonly { readonly namespaces: readonly string[] }[];
}

export function clusterSecretStore(
  scope: Construct,
  id: string,
  props: CustomResourceProps<ClusterSecretStoreSpec>,
  override?: Override,
) {
  return emitForCluster(scope, id, { apiVersion: API_VERSION, kind: 'ClusterSecretStore', ...props }, override);
}
