import type { Topology } from '@penstock/model';
import type { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import type { Override } from './api-object.ts';
import { certificate, type IssuerReference } from './crd/certificate.ts';
import { platformMetadata } from './labels.ts';

export interface ServerCertificateProps {
  readonly topology: Topology;
  /** Of the server; the Secret is named after it. */
  readonly name: string;
  readonly namespace: string;
  /** Every name that it is called by. */
  readonly hostnames: readonly string[];
  readonly issuer: IssuerReference;
  readonly overrides?: { readonly certificate?: Override };
}

/** What a server inside of the cluster proves by who it is, to clients and to others of its kind; cert-manager renews it. */
export class ServerCertificate extends Construct {
  readonly nodes: { readonly certificate: ApiObject };
  /** Name of the Secret with `tls.crt`, `tls.key` and `ca.crt`. */
  readonly secret: string;

  constructor(scope: Construct, id: string, props: ServerCertificateProps) {
    super(scope, id);
    const { topology, name, namespace, overrides } = props;
    this.secret = `${name}-tls`;
    const metadata = { ...platformMetadata(topology, name), namespace };
    this.nodes = {
      certificate: certificate(
        this,
        'certificate',
        {
          metadata,
          spec: {
            secretName: this.secret,
            dnsNames: props.hostnames,
            issuerRef: { ...props.issuer, group: 'cert-manager.io' },
            privateKey: { algorithm: 'ECDSA', size: 256, rotationPolicy: 'Always' },
            usages: ['digital signature', 'server auth', 'client auth'],
            revisionHistoryLimit: 1,
          },
        },
        overrides?.certificate,
      ),
    };
  }
}
