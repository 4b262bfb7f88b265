import type { Topology } from '@penstock/model';
import { Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import type { Binding } from '../constructs/binding.ts';
import { AuthorityIssuer, ClusterSecretStore } from '../constructs/kubernetes/index.ts';
import type { SecretReference } from '../constructs/secret-reference.ts';
import { ADDONS } from './addons.ts';

export interface GcpFoundationChartProps {
  readonly topology: Topology;
  /** Id of the project whose Secret Manager has the secrets. */
  readonly project: Binding<string>;
  /** Name of the store of the whole cluster. */
  readonly store: string;
  readonly namespaces: readonly string[];
  /** Name of the issuer of the whole cluster. */
  readonly issuer: string;
  readonly authority: { readonly certificate: SecretReference; readonly key: SecretReference };
}

const CERT_MANAGER = ADDONS['cert-manager'].namespace;

/** What a cluster on Google Cloud has to have before a platform finds what it names: secrets, and who signs certificates. */
export class GcpFoundationChart extends Chart {
  constructor(scope: Construct, id: string, props: GcpFoundationChartProps) {
    // What belongs to a namespace here is cert-manager's.
    super(scope, id, { namespace: CERT_MANAGER });
    const { topology, issuer, authority } = props;
    const { reference } = new ClusterSecretStore(this, 'secrets', {
      name: props.store,
      backend: { cloud: 'gcp', project: props.project },
      namespaces: [CERT_MANAGER, ...props.namespaces],
    });
    new AuthorityIssuer(this, 'issuer', { topology, name: issuer, store: reference, ...authority });
  }
}
