import {
  encodeProfile,
  PROFILE_VARIABLE,
  type ResolvedWorker,
  type WorkerLifetime,
  workerProfile,
} from '@penstock/model';
import type { Binding } from '../binding.ts';
import type { EffectVolume } from './effect-volume.ts';
import { selectorLabels } from './labels.ts';
import type { Flow } from './network-flow.ts';
import { keepTogether } from './placement.ts';
import { type Mount, type PodTemplate, podTemplate } from './pod-template.ts';
import { type Addresses, engineAddresses } from './service-environment.ts';
import { enginesOf, type Traffic } from './traffic.ts';
import type { WorkloadContext } from './workload.ts';

/** What the pod of a worker is made of, whether a Deployment keeps it or a Job ends with it. */
export interface WorkerPodProps {
  readonly context: WorkloadContext<ResolvedWorker>;
  /** Where the queue is: PENSTOCK_BUS. */
  readonly bus: Binding<string>;
  /** Where effects are remembered. One for all replicas, or the same item may have its effect twice. */
  readonly effects: EffectVolume;
  /** Address of the engine in each role the service calls: PENSTOCK_ENGINE_<ROLE>. */
  readonly engines: Addresses;
  /** What else the service asks for by name, e.g. PENSTOCK_CLASSIFIER. @default - nothing */
  readonly addresses?: Addresses;
  /** Secrets that it reads as files, e.g. a SyncedSecret or a KafkaUser. @default - none */
  readonly secrets?: readonly { readonly mount: Mount }[];
  /** What it speaks to outside of the topology, e.g. a database. @default - nothing */
  readonly reaches?: readonly Flow[];
}

/**
 * The pod of a worker with the numbers it runs by.
 *
 * @throws {ConstructError} `reference-missing` when a role that the service calls has no address
 */
export function workerPod(props: WorkerPodProps, lifetime: WorkerLifetime): PodTemplate {
  const { topology, workload } = props.context;
  return podTemplate({
    context: props.context,
    terminationGrace: workload.terminationGrace,
    startupBudget: workload.coldStart,
    isCalled: false,
    env: {
      [PROFILE_VARIABLE]: encodeProfile(workerProfile(topology, workload.id, lifetime)),
      PENSTOCK_BUS: props.bus,
      PENSTOCK_EFFECTS: props.effects.address,
      ...engineAddresses(`workers.${workload.id}`, workload.calls, props.engines),
      ...props.addresses,
    },
    ports: { ops: workload.service.ports.ops },
    volumes: [props.effects.mount, ...(props.secrets ?? []).map(({ mount }) => mount)],
    placement: keepTogether(selectorLabels(topology, workload)),
  });
}

/** Whom a worker hears and speaks to. */
export const workerTraffic = ({ context: { workload }, reaches = [] }: WorkerPodProps): Traffic => ({
  opsPort: workload.service.ports.ops,
  usesBroker: true,
  calls: enginesOf(workload.calls),
  reaches,
});
