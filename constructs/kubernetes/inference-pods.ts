import type { ResolvedInferenceEngine } from '@penstock/model';
import type { GpuDevices } from './gpu-devices.ts';
import { selectorLabels } from './labels.ts';
import { keepGroupTogether, spreadApart } from './placement.ts';
import { podTemplate, SCRATCH, shutdownWithin } from './pod-template.ts';
import { type GroupRole, RUNTIMES } from './runtimes/runtime.ts';
import type { Addresses } from './service-environment.ts';
import { MODEL_FOLDER, type WeightsMount } from './weights.ts';
import type { WorkloadContext } from './workload.ts';

/** Tells the pod that answers from those that only compute. */
export const GROUP_ROLE_LABEL = 'penstock.dev/group-role';

export interface EnginePods {
  /** Answers requests; the only one where a replica is on one node. */
  readonly leader: unknown;
  /** The others of a replica; undefined where there are none. */
  readonly worker: unknown;
  /** Pods of one replica. */
  readonly size: number;
  /** Open ports of the leader by name. */
  readonly ports: Readonly<Record<string, number>>;
}

/** The pods of one replica of an engine. */
export function enginePods(
  context: WorkloadContext<ResolvedInferenceEngine>,
  weights: WeightsMount,
  gpus: GpuDevices | undefined,
  addresses: Addresses = {},
): EnginePods {
  const { topology, workload } = context;
  const { http, ops } = workload.service.ports;
  // The API server warns of one port under two names.
  const ports: Readonly<Record<string, number>> = http === ops ? { ops } : { http, ops };
  const labels = selectorLabels(topology, workload);
  const size = workload.accelerator === 'cpu' ? 1 : workload.accelerator.nodes;
  const pod = (role: GroupRole): unknown => {
    const { command, args, env, probes } = RUNTIMES[workload.service.runtime](
      {
        topology,
        engine: workload,
        folder: MODEL_FOLDER,
        scratch: SCRATCH,
        shutdown: shutdownWithin(workload.terminationGrace),
      },
      role,
    );
    const answers = role === 'leader';
    return podTemplate({
      context,
      terminationGrace: workload.terminationGrace,
      startupBudget: workload.startupBudget,
      isCalled: answers,
      process: { ...(command === undefined ? {} : { command }), ...(args === undefined ? {} : { args }) },
      env: { ...env, ...addresses },
      probes: answers ? probes : undefined,
      ports: answers ? ports : {},
      volumes: [weights.mount],
      placement: { ...(size === 1 ? spreadApart(labels) : keepGroupTogether(labels)), ...gpus?.placement },
      ...(gpus === undefined ? {} : { devices: gpus.devices }),
      labels: size === 1 ? {} : { [GROUP_ROLE_LABEL]: role },
      annotations: weights.annotations,
    });
  };
  return { leader: pod('leader'), worker: size === 1 ? undefined : pod('worker'), size, ports };
}
