import type { ApiObject } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { suppressionOf } from '../suppression.ts';
import { emit, type Override } from './api-object.ts';
import { clusterMetadata } from './labels.ts';

/** Where EKS Auto Mode reads its settings. */
const PLACE = { name: 'amazon-vpc-cni', namespace: 'kube-system' } as const;

/** Has EKS Auto Mode refuse what network policies do not allow; without it they are only read. */
export class AutoModeNetworkPolicies extends Construct {
  readonly nodes: { readonly config: ApiObject };

  constructor(
    scope: Construct,
    id: string,
    { overrides }: { readonly overrides?: { readonly config?: Override } } = {},
  ) {
    super(scope, id);
    const metadata = clusterMetadata(PLACE.name, 'network');
    this.nodes = {
      config: emit(
        this,
        'config',
        k8s.KubeConfigMap.manifest({
          metadata: {
            ...metadata,
            ...PLACE,
            annotations: { [suppressionOf('namespace-own')]: 'EKS Auto Mode looks for its settings nowhere else' },
          },
          data: { 'enable-network-policy-controller': 'true' },
        }),
        overrides?.config,
      ),
    };
  }
}
