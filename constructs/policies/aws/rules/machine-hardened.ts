import type { TemplatePolicy } from '../policy.ts';
import { at, listOf } from '../template.ts';

/** Rule 9. */
export const machineHardened: TemplatePolicy = {
  id: 'machine-hardened',
  rules: [9],
  source: 'EKS Best Practices (identity, hosts)',
  reason: 'a pod that asks the machine for its own credentials gets the rights of the node',
  types: ['AWS::EC2::LaunchTemplate', 'AWS::EKS::Nodegroup'],
  check: (resource) => {
    // The template that EKS would make passes metadata on to pods.
    if (resource.Type === 'AWS::EKS::Nodegroup')
      return [at(resource, 'LaunchTemplate') === undefined && 'starts machines by no template of ours'];
    const disks = listOf(at(resource, 'LaunchTemplateData.BlockDeviceMappings')) as readonly {
      Ebs?: { Encrypted?: unknown };
    }[];
    const cards = listOf(at(resource, 'LaunchTemplateData.NetworkInterfaces')) as readonly {
      AssociatePublicIpAddress?: unknown;
    }[];
    return [
      cards.some(({ AssociatePublicIpAddress }) => AssociatePublicIpAddress === true) && 'has a public address',
      at(resource, 'LaunchTemplateData.MetadataOptions.HttpTokens') !== 'required' && 'does not require IMDSv2',
      at(resource, 'LaunchTemplateData.MetadataOptions.HttpPutResponseHopLimit') !== 1 &&
        'lets pods reach the metadata of the machine, expected hop limit 1',
      disks.length === 0 && 'states no disk, and so none that is encrypted',
      disks.some(({ Ebs }) => Ebs !== undefined && Ebs.Encrypted !== true) && 'has a disk that is not encrypted',
    ];
  },
};
