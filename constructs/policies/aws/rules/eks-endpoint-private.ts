import type { TemplatePolicy } from '../policy.ts';
import { at, listOf } from '../template.ts';

/** Rule 1. */
export const eksEndpointPrivate: TemplatePolicy = {
  id: 'eks-endpoint-private',
  rules: [1],
  source: 'cdk-nag EKS1, Control Tower CT.EKS.PR.1, Trivy',
  reason: 'whoever has or steals a credential uses it from anywhere',
  types: ['AWS::EKS::Cluster'],
  check: (resource) => {
    // Left out, the endpoint is public and open to all: that is the default of EKS.
    if (at(resource, 'ResourcesVpcConfig.EndpointPublicAccess') === false) return [];
    const ranges = listOf(at(resource, 'ResourcesVpcConfig.PublicAccessCidrs'));
    return [
      (ranges.length === 0 || ranges.includes('0.0.0.0/0') || ranges.includes('::/0')) &&
        'has an endpoint that is open to everybody, expected a private one or stated ranges',
    ];
  },
};
