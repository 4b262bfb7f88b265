import { byIdentity, identity, lookup } from './lookup.ts';
import { type Manifest, specOf } from './manifest.ts';

export interface Trigger {
  readonly type?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly authenticationRef?: { readonly name?: string };
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

/** The workload whose replicas a ScaledObject or a HorizontalPodAutoscaler sets. */
export const targetOf = (scaler: Manifest, all: readonly Manifest[]): Manifest | undefined =>
  byIdentity(all, targetIdentity(scaler)).at(0);

/** Every ScaledObject and HorizontalPodAutoscaler that sets the replicas of a workload. */
export const scalersOf = ({ kind, metadata }: Manifest, all: readonly Manifest[]): readonly Manifest[] =>
  byTarget(all, identity(kind, metadata.namespace, metadata.name));

const byTarget = lookup((scaler) =>
  scaler.kind === 'ScaledObject' || scaler.kind === 'HorizontalPodAutoscaler' ? [targetIdentity(scaler)] : [],
);

function targetIdentity(scaler: Manifest): string {
  const target = specOf<Scaling>(scaler).scaleTargetRef;
  return identity(target?.kind ?? 'Deployment', scaler.metadata.namespace, target?.name);
}

/** Seconds over which the highest need counts before replicas go; undefined when it is not stated. */
export function scaleDownWindowOf(scaler: Manifest): number | undefined {
  const { behavior, advanced } = specOf<Scaling>(scaler);
  return (behavior ?? advanced?.horizontalPodAutoscalerConfig?.behavior)?.scaleDown?.stabilizationWindowSeconds;
}
