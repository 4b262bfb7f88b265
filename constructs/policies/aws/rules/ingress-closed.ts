import type { TemplatePolicy } from '../policy.ts';
import { at, listOf } from '../template.ts';

interface Ingress {
  readonly CidrIp?: unknown;
  readonly CidrIpv6?: unknown;
}

const isOpen = ({ CidrIp, CidrIpv6 }: Ingress): boolean => CidrIp === '0.0.0.0/0' || CidrIpv6 === '::/0';

/** Rule 7. */
export const ingressClosed: TemplatePolicy = {
  id: 'ingress-closed',
  rules: [7],
  source: 'cdk-nag EC23, AWS Security Hub (EC2.18)',
  reason: 'everybody may knock, and one day what listens has a hole',
  types: ['AWS::EC2::SecurityGroup', 'AWS::EC2::SecurityGroupIngress'],
  check: (resource) => {
    const rules = [resource.Properties ?? {}, ...listOf(at(resource, 'SecurityGroupIngress'))] as readonly Ingress[];
    return [rules.some(isOpen) && 'lets everybody in, expected a group or a range of addresses of ours'];
  },
};
