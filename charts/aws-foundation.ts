import type { Topology } from '@penstock/model';
import { Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import type { Binding } from '../constructs/binding.ts';
import { AuthorityIssuer, ClusterSecretStore, EbsStorageClass } from '../constructs/kubernetes/index.ts';
import type { SecretReference } from '../constructs/secret-reference.ts';
import { ADDONS } from './addons.ts';

export interface AwsFoundationChartProps {
  readonly topology: Topology;
  /** Names of the classes that volumes of the platform ask for. */
  readonly storageClasses: readonly string[];
  /** Who brings the driver of their disks. */
  readonly driver: 'add-on' | 'auto-mode';
  /** @default - the platform reads no secret */
  readonly secrets?: {
    readonly region: Binding<string>;
    /** Name of the store of the whole cluster. */
    readonly store: string;
    readonly namespaces: readonly string[];
    /** Who signs certificates in the whole cluster, by its name. @default - somebody else, or nobody */
    readonly issuer?: { readonly name: string; readonly certificate: SecretReference; readonly key: SecretReference };
  };
}

const CERT_MANAGER = ADDONS['cert-manager'].namespace;

/** What a cluster on AWS has to have before a platform finds what it names: disks, secrets and who signs certificates. */
export class AwsFoundationChart extends Chart {
  constructor(scope: Construct, id: string, props: AwsFoundationChartProps) {
    // What belongs to a namespace here is cert-manager's.
    super(scope, id, { namespace: CERT_MANAGER });
    const { topology, driver, secrets } = props;
    for (const name of props.storageClasses) new EbsStorageClass(this, `disks-${name}`, { name, driver });
    if (secrets === undefined) return;
    const { reference } = new ClusterSecretStore(this, 'secrets', {
      name: secrets.store,
      backend: { cloud: 'aws', region: secrets.region },
      namespaces: [CERT_MANAGER, ...secrets.namespaces],
    });
    if (secrets.issuer !== undefined)
      new AuthorityIssuer(this, 'issuer', { topology, store: reference, ...secrets.issuer });
  }
}
