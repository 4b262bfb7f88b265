import { specOf } from '../manifest.ts';
import { kindPolicy } from '../policy.ts';

interface NodeClassSpec {
  readonly metadataOptions: { readonly httpTokens?: string; readonly httpPutResponseHopLimit?: number };
  readonly blockDeviceMappings: readonly { readonly ebs?: { readonly encrypted?: boolean } }[];
}

/** Rule 9, for the nodes that Karpenter makes. */
export const nodeHardened = kindPolicy(
  {
    id: 'node-hardened',
    rules: [9],
    source: 'EKS Best Practices (identity, hosts)',
    reason: 'a pod that asks the machine for its own credentials gets the rights of the node',
  },
  ['EC2NodeClass'],
  (manifest) => {
    const { metadataOptions, blockDeviceMappings = [] } = specOf<NodeClassSpec>(manifest);
    return [
      metadataOptions?.httpTokens !== 'required' && 'does not require IMDSv2 (metadataOptions.httpTokens)',
      metadataOptions?.httpPutResponseHopLimit !== 1 &&
        'lets pods reach the metadata of the machine, expected hop limit 1',
      blockDeviceMappings.length === 0 && 'states no disk, and so none that is encrypted',
      ...blockDeviceMappings.map(
        ({ ebs }) => ebs !== undefined && ebs.encrypted !== true && 'has a disk that is not encrypted',
      ),
    ];
  },
);
