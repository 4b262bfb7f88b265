import type { Topology } from '@penstock/model';
import type { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import type { SecretReference } from '../secret-reference.ts';
import type { Override } from './api-object.ts';
import { clusterIssuer, type IssuerReference } from './crd/certificate.ts';
import { clusterMetadata } from './labels.ts';
import { SyncedSecret, type SyncedSecretProps } from './synced-secret.ts';

export interface AuthorityIssuerProps {
  readonly topology: Topology;
  readonly name: string;
  readonly store: SyncedSecretProps['store'];
  /** Certificate of the authority, by which clients know what it signed. */
  readonly certificate: SecretReference;
  readonly key: SecretReference;
  readonly overrides?: { readonly issuer?: Override };
}

/**
 * Signs the certificates of servers in the cluster by an authority that is kept in a store: another cluster, or this one
 * made anew, signs by the same. Its chart has to be in the namespace that cert-manager reads for the whole cluster.
 */
export class AuthorityIssuer extends Construct {
  readonly nodes: { readonly issuer: ApiObject };
  readonly reference: IssuerReference;

  constructor(scope: Construct, id: string, props: AuthorityIssuerProps) {
    super(scope, id);
    const { topology, name, store, certificate, key, overrides } = props;
    const secret = new SyncedSecret(this, 'authority', {
      topology,
      name: `${name}-authority`,
      store,
      files: { 'tls.crt': certificate, 'tls.key': key },
    });
    this.nodes = {
      issuer: clusterIssuer(
        this,
        'issuer',
        {
          metadata: clusterMetadata(name, 'certificates'),
          spec: { ca: { secretName: secret.key('tls.key').secret } },
        },
        overrides?.issuer,
      ),
    };
    this.reference = { name, kind: 'ClusterIssuer' };
  }
}
