import type { Construct } from 'constructs';
import { emit, type Override } from '../api-object.ts';
import type { CustomResourceProps } from './scaled-object.ts';

/** The fields of a PodMonitoring that we emit: Google's own collectors read it, of pods in its own namespace alone. */
export interface PodMonitoringSpec {
  readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
  readonly endpoints: readonly {
    /** Name of the port. */
    readonly port: string;
    readonly path: string;
    readonly interval: string;
    readonly timeout: string;
  }[];
  readonly targetLabels: {
    readonly metadata: readonly ('pod' | 'container' | 'node')[];
    /** Labels of the pod that its samples get too, and by which name. */
    readonly fromPod?: readonly { readonly from: string; readonly to: string }[];
  };
}

export function podMonitoring(
  scope: Construct,
  id: string,
  props: CustomResourceProps<PodMonitoringSpec>,
  override?: Override,
) {
  return emit(scope, id, { apiVersion: 'monitoring.googleapis.com/v1', kind: 'PodMonitoring', ...props }, override);
}
