import { encodeProfile, engineVariable, PROFILE_VARIABLE, type ResolvedWorker, workerProfile } from '@penstock/model';
import type { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import type { Binding } from '../binding.ts';
import { ConstructError } from '../errors.ts';
import { suppressionOf } from '../suppression.ts';
import { emit, type Override } from './api-object.ts';
import type { EffectVolume } from './effect-volume.ts';
import { selectorLabels } from './labels.ts';
import { keepTogether } from './placement.ts';
import { type Mount, podTemplate } from './pod-template.ts';
import { emitServiceAccount, metadataOf, ROLLOUT_STRATEGY, type WorkloadContext } from './workload.ts';

export interface WorkerProps {
  readonly context: WorkloadContext<ResolvedWorker>;
  /** Where the queue is: PENSTOCK_BUS. */
  readonly bus: Binding<string>;
  /** Where effects are remembered. One for all replicas, or the same item may have its effect twice. */
  readonly effects: EffectVolume;
  /** Address of the engine in each role the service calls: PENSTOCK_ENGINE_<ROLE>. */
  readonly engines: Readonly<Record<string, Binding<string>>>;
  /** What else the service asks for by name, e.g. PENSTOCK_CLASSIFIER. @default - nothing */
  readonly addresses?: Readonly<Record<string, Binding<string>>>;
  /** Secrets that it reads as files, e.g. a SyncedSecret or a KafkaUser. @default - none */
  readonly secrets?: readonly { readonly mount: Mount }[];
  readonly overrides?: { readonly deployment?: Override; readonly serviceAccount?: Override };
}

/**
 * A worker of the topology. It has no `replicas`: a QueueAutoscaler owns that field, and every apply of a manifest that
 * sets it would undo the scaler's work.
 */
export class Worker extends Construct {
  readonly nodes: { readonly deployment: ApiObject; readonly serviceAccount: ApiObject };
  readonly context: WorkloadContext<ResolvedWorker>;

  /** @throws {ConstructError} `reference-missing` when a role that the service calls has no address */
  constructor(scope: Construct, id: string, props: WorkerProps) {
    super(scope, id);
    this.context = props.context;
    const { topology, workload } = props.context;
    const labels = selectorLabels(topology, workload);
    const metadata = metadataOf(props.context);
    const template = podTemplate({
      context: props.context,
      terminationGrace: workload.terminationGrace,
      startupBudget: workload.coldStart,
      isCalled: false,
      env: {
        [PROFILE_VARIABLE]: encodeProfile(workerProfile(topology, workload.id)),
        PENSTOCK_BUS: props.bus,
        PENSTOCK_EFFECTS: props.effects.address,
        ...engineAddresses(props),
        ...props.addresses,
      },
      ports: { ops: workload.service.ports.ops },
      volumes: [props.effects.mount, ...(props.secrets ?? []).map(({ mount }) => mount)],
      placement: keepTogether(labels),
    });
    const manifest = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { ...metadata, annotations: { ...metadata.annotations, ...ONE_NODE } },
      spec: { selector: { matchLabels: labels }, strategy: ROLLOUT_STRATEGY, revisionHistoryLimit: 3, template },
    };
    this.nodes = {
      deployment: emit(this, 'deployment', manifest, props.overrides?.deployment),
      serviceAccount: emitServiceAccount(this, props.context, props.overrides?.serviceAccount),
    };
  }
}

const SHARED_VOLUME = 'the replicas share one volume of effects, which one node mounts at a time (docs/adr/0004)';

/** The rules that a volume shared by all replicas breaks by its nature. */
const ONE_NODE = {
  [suppressionOf('replicas-spread')]: SHARED_VOLUME,
  [suppressionOf('disruption-budget')]:
    `${SHARED_VOLUME}: a budget would only keep that node from being drained, since no replica can start elsewhere before all have left`,
};

function engineAddresses({ context, engines }: WorkerProps): Readonly<Record<string, Binding<string>>> {
  return Object.fromEntries(
    context.workload.calls.map(({ role }) => {
      const address = engines[role];
      if (address === undefined) {
        throw new ConstructError(
          'reference-missing',
          `worker ${context.workload.id}`,
          `no address for the engine it calls as ${role}`,
        );
      }
      return [engineVariable(role), address];
    }),
  );
}
