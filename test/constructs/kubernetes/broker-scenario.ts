import type { AlertName, MonitoredBroker } from '../../../constructs/kubernetes/index.ts';

/** A broker or database that is well, and the ways in which it may be ill. */
export interface Watched {
  readonly name: string;
  readonly broker: MonitoredBroker;
  readonly well: Readonly<Record<string, string>>;
  readonly scenarios: readonly (readonly [title: string, but: Change, fires: readonly AlertName[]])[];
}
export type Change = Readonly<Record<string, string | undefined>>;

/** Minutes that each scenario lasts. */
export const LENGTH = 60;
export const steady = (value: number): string => `${value}x${LENGTH}`;
/** A counter that grows by this much a minute. */
export const growing = (perMinute: number): string => `0+${perMinute}x${LENGTH}`;

export const up = (labels: string, pods: readonly string[]) =>
  Object.fromEntries(pods.map((pod) => [`up{${labels},pod="${pod}"}`, steady(1)]));
