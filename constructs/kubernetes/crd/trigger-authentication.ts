import type { Construct } from 'constructs';
import { emit, type Override } from '../api-object.ts';
import type { CustomResourceProps } from './scaled-object.ts';

/** The fields of a KEDA TriggerAuthentication that we emit. */
export type TriggerAuthenticationSpec =
  | {
      readonly secretTargetRef: readonly {
        readonly parameter: string;
        readonly name: string;
        readonly key: string;
      }[];
    }
  | { readonly podIdentity: PodIdentitySpec };

export type PodIdentitySpec =
  | { readonly provider: 'aws'; readonly roleArn: string }
  | { readonly provider: 'aws'; readonly identityOwner: 'keda' | 'workload' }
  | { readonly provider: 'gcp' }
  | { readonly provider: 'azure-workload'; readonly identityId: string };

export function triggerAuthentication(
  scope: Construct,
  id: string,
  props: CustomResourceProps<TriggerAuthenticationSpec>,
  override?: Override,
) {
  return emit(scope, id, { apiVersion: 'keda.sh/v1alpha1', kind: 'TriggerAuthentication', ...props }, override);
}
