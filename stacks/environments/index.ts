import { dev } from './dev.ts';
import type { KubernetesEnvironment } from './kubernetes-environment.ts';
import { prod } from './prod.ts';

export type {
  BrokerEnvironment,
  CloudPrometheus,
  EdgeEnvironment,
  KubernetesEnvironment,
  TracesEnvironment,
  WeightsPlace,
  WorkloadSecrets,
} from './kubernetes-environment.ts';

/** The clusters there are, by name. */
export const environments = { dev, prod } as const satisfies Readonly<Record<string, KubernetesEnvironment>>;

export type EnvironmentName = keyof typeof environments;
