import type { Construct } from 'constructs';
import { emit, type Override } from '../api-object.ts';
import type { CustomResourceProps } from './scaled-object.ts';

/** The fields of a ResourceClaimTemplate that we emit. Part of Kubernetes from 1.34, and of no generated type here. */
export interface ResourceClaimTemplateSpec {
  readonly spec: {
    readonly devices: {
      readonly requests: readonly {
        readonly name: string;
        readonly exactly: {
          readonly deviceClassName: 'gpu.nvidia.com' | 'mig.nvidia.com';
          readonly allocationMode: 'ExactCount';
          readonly count: number;
          readonly selectors?: readonly { readonly cel: { readonly expression: string } }[];
        };
      }[];
    };
  };
}

export function resourceClaimTemplate(
  scope: Construct,
  id: string,
  props: CustomResourceProps<ResourceClaimTemplateSpec>,
  override?: Override,
) {
  return emit(scope, id, { apiVersion: 'resource.k8s.io/v1', kind: 'ResourceClaimTemplate', ...props }, override);
}
