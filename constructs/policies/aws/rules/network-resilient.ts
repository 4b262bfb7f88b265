import type { TemplatePolicy } from '../policy.ts';
import { at, type CloudFormationTemplate, listOf } from '../template.ts';

/** Rule 6. */
export const networkResilient: TemplatePolicy = {
  id: 'network-resilient',
  rules: [6],
  source: 'cdk-nag VPC7, EKS Best Practices (data plane)',
  reason: 'a zone that goes takes everything with it, and what came in unasked was never seen',
  types: ['AWS::EC2::VPC', 'AWS::EKS::Cluster', 'AWS::EC2::Subnet'],
  check: (resource, { Resources }) => {
    if (resource.Type === 'AWS::EC2::Subnet')
      return [at(resource, 'MapPublicIpOnLaunch') === true && 'gives a public address to whatever starts in it'];
    if (resource.Type === 'AWS::EKS::Cluster')
      return [
        zonesOf(listOf(at(resource, 'ResourcesVpcConfig.SubnetIds')), Resources).size < 3 &&
          'lies in fewer than three zones',
      ];
    const logged = Object.values(Resources ?? {}).some(
      (other) =>
        other.Type === 'AWS::EC2::FlowLog' &&
        at(other, 'TrafficType') === 'ALL' &&
        Resources?.[String(at(other, 'ResourceId.Ref'))] === resource,
    );
    return [!logged && 'has no flow log of all its traffic'];
  },
};

/** A subnet of another stack is taken for a zone of its own: its template is elsewhere. */
const zonesOf = (
  subnets: readonly unknown[],
  resources: CloudFormationTemplate['Resources'] = {},
): ReadonlySet<string> =>
  new Set(
    subnets.map((subnet) => {
      const made = resources[String((subnet as { readonly Ref?: unknown } | null)?.Ref)];
      return JSON.stringify((made === undefined ? undefined : at(made, 'AvailabilityZone')) ?? subnet);
    }),
  );
