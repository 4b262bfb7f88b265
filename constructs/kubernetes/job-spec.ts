import type { Duration } from '@penstock/model';
import { k8s } from 'cdk8s-plus-28';
import type { Binding } from '../binding.ts';
import { seconds } from './lowering.ts';
import { type Mount, podTemplate } from './pod-template.ts';
import type { Workload, WorkloadContext } from './workload.ts';

/** A workload that begins and ends by itself. */
export interface RunWorkload extends Workload {
  readonly attempts: number;
  readonly coldStart: Duration;
  readonly deadline: Duration;
  readonly terminationGrace: Duration;
}

export interface JobSpecProps {
  readonly context: WorkloadContext<RunWorkload>;
  readonly env: Readonly<Record<string, Binding<string> | string>>;
  readonly secrets: readonly { readonly mount: Mount }[];
  /** Of the pod, in place of the fingerprint of the topology. */
  readonly annotations: Readonly<Record<string, string>>;
}

/** A node that is only being tidied up waits for a run: moved, it would begin again from nothing. It ends in any case. */
export const NOT_MOVED = {
  'karpenter.sh/do-not-disrupt': 'true',
  'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false',
} as const;

/**
 * One pod at a time, until one attempt succeeds, all have failed or the deadline is over. An attempt that a drain has
 * ended does not count, and the next one begins only when the one before is gone.
 */
export function jobSpec({ context, env, secrets, annotations }: JobSpecProps) {
  const { workload } = context;
  const { metadata, spec } = podTemplate({
    context,
    terminationGrace: workload.terminationGrace,
    startupBudget: workload.coldStart,
    isCalled: false,
    env,
    probes: undefined,
    ports: {},
    volumes: secrets.map(({ mount }) => mount),
    placement: {},
  });
  return {
    parallelism: 1,
    completions: 1,
    backoffLimit: workload.attempts - 1,
    activeDeadlineSeconds: seconds(workload.deadline),
    podReplacementPolicy: 'Failed',
    podFailurePolicy: k8s.toJson_PodFailurePolicy({
      rules: [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }],
    }),
    template: {
      metadata: { ...metadata, annotations: { ...annotations, ...NOT_MOVED } },
      spec: { ...spec, restartPolicy: 'Never' },
    },
  };
}
