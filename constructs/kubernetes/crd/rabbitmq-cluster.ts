import type { Construct } from 'constructs';
import { emit, type Override } from '../api-object.ts';
import type { CustomResourceProps } from './scaled-object.ts';

/** The fields of a RabbitmqCluster that we emit. */
export interface RabbitmqClusterSpec {
  readonly replicas: number;
  readonly image: string;
  readonly delayStartSeconds: number;
  readonly terminationGracePeriodSeconds: number;
  readonly service: { readonly type: 'ClusterIP' };
  readonly persistence: { readonly storageClassName: string; readonly storage: string };
  /** As Kubernetes writes them. */
  readonly resources: unknown;
  readonly affinity?: unknown;
  readonly tls?: { readonly secretName: string; readonly disableNonTLSListeners: boolean };
  readonly secretBackend?: { readonly externalSecret: { readonly name: string } };
  readonly rabbitmq: { readonly additionalConfig: string };
  /** Merged into what the operator makes, by the rules of a strategic merge patch. */
  readonly override: { readonly statefulSet: { readonly spec: unknown } };
}

export function rabbitmqCluster(
  scope: Construct,
  id: string,
  props: CustomResourceProps<RabbitmqClusterSpec>,
  override?: Override,
) {
  return emit(scope, id, { apiVersion: 'rabbitmq.com/v1beta1', kind: 'RabbitmqCluster', ...props }, override);
}
