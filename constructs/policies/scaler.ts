import { type Manifest, specOf } from './manifest.ts';

export interface Trigger {
  readonly type?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

interface Scaling {
  readonly scaleTargetRef: { readonly name?: string; readonly kind?: string };
  readonly triggers: readonly Trigger[];
  /** Of a HorizontalPodAutoscaler. */
  readonly behavior: Behavior;
  /** Of a ScaledObject, whose HorizontalPodAutoscaler is KEDA's to make. */
  readonly advanced: { readonly horizontalPodAutoscalerConfig?: { readonly behavior?: Behavior } };
}

interface Behavior {
  readonly scaleDown?: { readonly stabilizationWindowSeconds?: number };
}

export const triggersOf = (scaler: Manifest): readonly Trigger[] => specOf<Scaling>(scaler).triggers ?? [];

/** True when a ScaledObject or a HorizontalPodAutoscaler sets the replicas of this workload. */
export function scales(scaler: Manifest, workload: Manifest): boolean {
  if (scaler.kind !== 'ScaledObject' && scaler.kind !== 'HorizontalPodAutoscaler') return false;
  const target = specOf<Scaling>(scaler).scaleTargetRef;
  return (
    scaler.metadata.namespace === workload.metadata.namespace &&
    target?.name === workload.metadata.name &&
    (target.kind ?? 'Deployment') === workload.kind
  );
}

/** Seconds over which the highest need counts before replicas go; undefined when it is not stated. */
export function scaleDownWindowOf(scaler: Manifest): number | undefined {
  const { behavior, advanced } = specOf<Scaling>(scaler);
  return (behavior ?? advanced?.horizontalPodAutoscalerConfig?.behavior)?.scaleDown?.stabilizationWindowSeconds;
}
