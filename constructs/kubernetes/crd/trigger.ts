import type { TriggerMetadata, TriggerType } from '../keda/generated-triggers.ts';

/** One source that KEDA asks, as it stands in a ScaledJob. */
export type Trigger<T extends TriggerType = TriggerType> = {
  [Type in T]: {
    readonly type: Type;
    readonly metadata: TriggerMetadata[Type];
    /** Name of a TriggerAuthentication in the same namespace. */
    readonly authenticationRef?: { readonly name: string };
  };
}[T];

/** As it stands in a ScaledObject: a ScaledJob with a metric type is refused by the operator. */
export type MetricTrigger = Trigger & { readonly metricType: 'AverageValue' };
