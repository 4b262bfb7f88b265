import type { Amounts, Labels, Manifest, PodSpec } from './manifest.ts';

export interface RabbitSpec {
  readonly replicas: number;
  readonly terminationGracePeriodSeconds: number;
  readonly service: { readonly type?: string };
  readonly persistence: { readonly storage?: string; readonly storageClassName?: string };
  readonly resources: { readonly requests?: Amounts; readonly limits?: Amounts };
  readonly affinity: PodSpec['affinity'];
  readonly tls: { readonly secretName?: string; readonly disableNonTLSListeners?: boolean };
  readonly rabbitmq: { readonly additionalConfig?: string };
  readonly override: {
    readonly statefulSet?: {
      readonly spec?: {
        readonly persistentVolumeClaimRetentionPolicy?: { readonly whenDeleted?: string; readonly whenScaled?: string };
        readonly template?: { readonly spec?: PodSpec };
      };
    };
  };
}

/** The labels that the operator gives to the pods of a cluster. */
export const rabbitPods = ({ metadata }: Manifest): Labels => ({
  'app.kubernetes.io/name': metadata.name,
  'app.kubernetes.io/component': 'rabbitmq',
});

/** One setting of a `rabbitmq.conf`; the last one counts. */
export const rabbitSetting = (config: string | undefined, key: string): string | undefined =>
  (config ?? '')
    .split('\n')
    .map((line) => line.split('=').map((part) => part.trim()))
    .findLast(([name]) => name === key)?.[1];
