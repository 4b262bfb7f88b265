import { type Bytes, Duration, type ResolvedResources } from '@penstock/model';
import { k8s } from 'cdk8s-plus-28';

// From the model's units to the texts of the targets. Rounded up where something has to be rounded: a grace, a lease or a
// request may be a little larger than derived, never smaller.

/** Whole seconds: what Kubernetes and KEDA count in. */
export const seconds = (duration: Duration): number => duration.toSeconds('up');

/** Go's `time.Duration` as NACK parses it, e.g. `5s`, `1500ms`; exact to the millisecond, the finest we send. */
export function goDuration(durationMs: number): string {
  return durationMs % 1_000 === 0 ? `${durationMs / 1_000}s` : `${durationMs}ms`;
}

/** `256Mi`, or plain bytes where no binary unit divides it. */
export function byteQuantity(size: Bytes): string {
  const units = ['Ti', 'Gi', 'Mi', 'Ki'] as const;
  const index = units.findIndex((_, i) => size.bytes % 1024 ** (4 - i) === 0 && size.bytes >= 1024 ** (4 - i));
  return index === -1 ? String(size.bytes) : `${size.bytes / 1024 ** (4 - index)}${units[index]}`;
}

/** Cores in thousandths, e.g. `250m`: the finest the scheduler knows. */
export const cpuQuantity = (cores: number): string => `${Math.ceil(Number((cores * 1_000).toPrecision(12)))}m`;

export const quantity = (text: string): k8s.Quantity => k8s.Quantity.fromString(text);

/** No limit on the processor: throttling makes p99 unpredictable, and requests already share it fairly. */
export function resourceRequirements({ cpu, memory, ephemeralStorage }: ResolvedResources): k8s.ResourceRequirements {
  const limits = {
    memory: quantity(byteQuantity(memory)),
    'ephemeral-storage': quantity(byteQuantity(ephemeralStorage)),
  };
  return { requests: { cpu: quantity(cpuQuantity(cpu)), ...limits }, limits };
}

/** A probe's allowance as periods: at least the budget, whatever the period. */
export const periodsWithin = (budget: Duration, periodSeconds: number): number =>
  Math.max(1, Math.ceil(budget.toSeconds('up') / periodSeconds));

export const PROBE_PERIOD = Duration.seconds(5);
