import type { ResolvedWorker } from '@penstock/model';
import type { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { suppressionOf } from '../suppression.ts';
import { emit, type Override } from './api-object.ts';
import { selectorLabels } from './labels.ts';
import type { Traffic } from './traffic.ts';
import { type WorkerPodProps, workerPod, workerTraffic } from './worker-pod.ts';
import { emitServiceAccount, metadataOf, ROLLOUT_STRATEGY, type WorkloadContext } from './workload.ts';

export interface WorkerProps extends WorkerPodProps {
  readonly overrides?: { readonly deployment?: Override; readonly serviceAccount?: Override };
}

/**
 * A worker of the topology. It has no `replicas`: a QueueAutoscaler owns that field, and every apply of a manifest that
 * sets it would undo the scaler's work.
 */
export class Worker extends Construct {
  readonly nodes: { readonly deployment: ApiObject; readonly serviceAccount: ApiObject };
  readonly context: WorkloadContext<ResolvedWorker>;
  readonly traffic: Traffic;

  /** @throws {ConstructError} `reference-missing` when a role that the service calls has no address */
  constructor(scope: Construct, id: string, props: WorkerProps) {
    super(scope, id);
    this.context = props.context;
    this.traffic = workerTraffic(props);
    const { topology, workload } = props.context;
    const labels = selectorLabels(topology, workload);
    const metadata = metadataOf(props.context);
    const template = workerPod(props, 'endless');
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
