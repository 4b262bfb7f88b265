import type { Construct } from 'constructs';
import { emit, type Override } from '../api-object.ts';
import type { ScalingBehavior } from '../scaling-behavior.ts';
import type { MetricTrigger } from './trigger.ts';

/** The fields of a KEDA ScaledObject that we emit. Names and units are KEDA's. */
export interface ScaledObjectSpec {
  readonly scaleTargetRef: { readonly name: string };
  /** Seconds. @default - nobody reads it where replicas are kept */
  readonly pollingInterval?: number;
  /** Seconds. @default - nobody reads it where replicas are kept */
  readonly cooldownPeriod?: number;
  /** Seconds. @default - nobody reads it where replicas are kept */
  readonly initialCooldownPeriod?: number;
  readonly minReplicaCount: number;
  readonly maxReplicaCount: number;
  readonly fallback: {
    readonly failureThreshold: number;
    readonly replicas: number;
    readonly behavior: 'static' | 'currentReplicas' | 'currentReplicasIfHigher' | 'currentReplicasIfLower';
  };
  readonly advanced: { readonly horizontalPodAutoscalerConfig: { readonly behavior: ScalingBehavior } };
  readonly triggers: readonly MetricTrigger[];
}

export interface CustomResourceProps<Spec> {
  readonly metadata: {
    readonly name: string;
    /** Left out: the chart's. */
    readonly namespace?: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: Spec;
}

export function scaledObject(
  scope: Construct,
  id: string,
  props: CustomResourceProps<ScaledObjectSpec>,
  override?: Override,
) {
  return emit(scope, id, { apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject', ...props }, override);
}
