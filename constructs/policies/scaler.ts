import { type Manifest, specOf } from './manifest.ts';

export interface Trigger {
  readonly type?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

interface Scaling {
  readonly scaleTargetRef: { readonly name?: string; readonly kind?: string };
  readonly triggers: readonly Trigger[];
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
