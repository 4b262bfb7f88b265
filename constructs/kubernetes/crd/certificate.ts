import type { Construct } from 'constructs';
import { emit, emitForCluster, type Override } from '../api-object.ts';
import type { CustomResourceProps } from './scaled-object.ts';

/** Who signs: an issuer that is there already. Its account and its solvers are the cluster's, not a platform's. */
export interface IssuerReference {
  readonly name: string;
  readonly kind: 'Issuer' | 'ClusterIssuer';
}

/** The fields of a cert-manager Certificate that we emit. */
export interface CertificateSpec {
  /** The Secret that cert-manager writes key and certificate to. */
  readonly secretName: string;
  readonly dnsNames: readonly string[];
  readonly issuerRef: IssuerReference & { readonly group: 'cert-manager.io' };
  /** A new key with every certificate: one that leaked is of use until the next renewal only. */
  readonly privateKey: { readonly algorithm: 'ECDSA'; readonly size: 256; readonly rotationPolicy: 'Always' };
  readonly usages: readonly ('digital signature' | 'server auth' | 'client auth')[];
  readonly revisionHistoryLimit: number;
}

export function certificate(
  scope: Construct,
  id: string,
  props: CustomResourceProps<CertificateSpec>,
  override?: Override,
) {
  return emit(scope, id, { apiVersion: 'cert-manager.io/v1', kind: 'Certificate', ...props }, override);
}

/** The fields of a cert-manager ClusterIssuer that we emit: one that signs by a certificate and key of its own. */
export interface ClusterIssuerSpec {
  readonly ca: { readonly secretName: string };
}

export function clusterIssuer(
  scope: Construct,
  id: string,
  props: CustomResourceProps<ClusterIssuerSpec>,
  override?: Override,
) {
  return emitForCluster(scope, id, { apiVersion: 'cert-manager.io/v1', kind: 'ClusterIssuer', ...props }, override);
}
