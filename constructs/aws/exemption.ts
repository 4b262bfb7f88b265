import { CfnResource, Validations } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { suppressionOf } from '../suppression.ts';

export interface Exemption {
  readonly because: string;
  /** Policies of ours, by their ids. */
  readonly policies?: readonly string[];
  /** Rules of cdk-nag, e.g. `S1`; one finding of several in brackets, as it writes it. */
  readonly nag?: readonly `${'AEC' | 'EKS' | 'IAM' | 'L' | 'MSK' | 'S' | 'SMG' | 'SQS'}${string}`[];
  /** Checks of checkov. */
  readonly checkov?: readonly `CKV_AWS_${number}`[];
}

/**
 * Says beside a resource what checks find in it and has to be so: one reason for everybody who asks. It stands in the
 * template too, where whoever reviews a change set sees it.
 */
export function exempt(construct: Construct, { because, policies, nag, checkov }: Exemption): void {
  for (const rule of nag ?? [])
    Validations.of(construct).acknowledge({ id: `AwsSolutions::AwsSolutions-${rule}`, reason: because });
  const resource = CfnResource.isCfnResource(construct) ? construct : (construct.node.defaultChild as CfnResource);
  for (const policy of policies ?? []) resource.addMetadata(suppressionOf(policy), because);
  if (checkov === undefined) return;
  const { skip = [] } = (resource.getMetadata('checkov') ?? {}) as { readonly skip?: readonly object[] };
  resource.addMetadata('checkov', { skip: [...skip, ...checkov.map((id) => ({ id, comment: because }))] });
}
