import type { GpuMachine, ResolvedInferenceEngine } from '@penstock/model';
import type { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import type { Binding } from '../binding.ts';
import { emit, type Override } from './api-object.ts';
import { clusterAddress, clusterService } from './cluster-service.ts';
import { leaderWorkerSet } from './crd/leader-worker-set.ts';
import { resourceClaimTemplate } from './crd/resource-claim-template.ts';
import { oneAtATime } from './disruption-budget.ts';
import { type GpuAllocation, type GpuDevices, gpuDevices } from './gpu-devices.ts';
import type { GpuQuota } from './gpu-quota.ts';
import { type EnginePods, enginePods, GROUP_ROLE_LABEL } from './inference-pods.ts';
import { selectorLabels } from './labels.ts';
import { seconds } from './lowering.ts';
import type { TraceService } from './monitoring/trace-service.ts';
import { tcpRange } from './network-flow.ts';
import type { Traffic } from './traffic.ts';
import type { Weights } from './weights.ts';
import { emitServiceAccount, metadataOf, ROLLOUT_STRATEGY, type WorkloadContext } from './workload.ts';

export interface InferenceServerProps {
  readonly context: WorkloadContext<ResolvedInferenceEngine>;
  readonly namespace: string;
  readonly weights: Weights;
  /** The machine behind its nodes, as `machineFor` gives it. Every engine on GPUs needs one. @default - any node */
  readonly machine?: GpuMachine;
  /** How it gets its devices. @default 'device-plugin' */
  readonly allocation?: GpuAllocation;
  /** Where its spans go; of a server of this project alone, others have words of their own for it. @default - it is not traced */
  readonly traces?: TraceService;
  /** The quota it has to find room in before any of its pods starts. @default - none */
  readonly queueLabel?: GpuQuota['queueLabel'];
  readonly overrides?: {
    readonly workload?: Override;
    readonly service?: Override;
    readonly disruptionBudget?: Override;
    readonly serviceAccount?: Override;
  };
}

/**
 * An inference engine of the topology, behind a service of its own: a Deployment, or a LeaderWorkerSet where one replica
 * spans nodes. The model says how many replicas carry the peak.
 */
export class InferenceServer extends Construct {
  readonly nodes: {
    readonly workload: ApiObject;
    readonly service: ApiObject;
    readonly disruptionBudget: ApiObject;
    readonly serviceAccount: ApiObject;
    /** Where devices come by claims. */
    readonly claimTemplate: ApiObject | undefined;
  };
  readonly context: WorkloadContext<ResolvedInferenceEngine>;
  readonly traffic: Traffic;
  /** Where callers find it. */
  readonly address: Binding<string>;

  /**
   * @throws {ConstructError} `reference-missing` for an engine on GPUs without a machine, `machine-unfit` for a machine that
   *   has not what a replica needs
   */
  constructor(scope: Construct, id: string, props: InferenceServerProps) {
    super(scope, id);
    const { context, overrides } = props;
    const { topology, workload } = context;
    const devices = gpuDevices(context, props.machine, props.allocation ?? 'device-plugin');
    const traces = workload.service.runtime === 'penstock' ? props.traces : undefined;
    const pods = enginePods(context, props.weights.for(workload.model), devices, traces?.addresses);
    this.context = context;
    this.traffic = {
      opsPort: workload.service.ports.ops,
      httpPort: workload.service.ports.http,
      ...(traces === undefined ? {} : { reaches: [traces.flow] }),
      // The devices of a group find each other by ports that their libraries pick.
      ...(pods.worker === undefined ? {} : { amongItself: [tcpRange(1_024, 65_535)] }),
    };
    this.address = clusterAddress(workload, props.namespace);
    this.nodes = {
      workload: pods.worker === undefined ? this.#deployment(props, pods, devices) : this.#groups(props, pods),
      service: emit(this, 'service', clusterService(context, answering(pods)), overrides?.service),
      disruptionBudget: emit(
        this,
        'disruption-budget',
        // What carries the peak never loses more than one replica to a drain.
        oneAtATime(metadataOf(context), selectorLabels(topology, workload)),
        overrides?.disruptionBudget,
      ),
      serviceAccount: emitServiceAccount(this, context, overrides?.serviceAccount),
      claimTemplate:
        devices?.claim === undefined
          ? undefined
          : resourceClaimTemplate(this, 'claim-template', { metadata: metadataOf(context), spec: devices.claim }),
    };
  }

  #deployment(props: InferenceServerProps, pods: EnginePods, devices: GpuDevices | undefined): ApiObject {
    const { topology, workload } = props.context;
    const manifest = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: queuedMetadata(props),
      spec: {
        replicas: workload.replicas,
        selector: { matchLabels: selectorLabels(topology, workload) },
        // One more replica would wait for a machine of its own: one goes first.
        strategy: devices?.fillsMachine === true ? IN_PLACE : ROLLOUT_STRATEGY,
        ...(devices === undefined ? {} : { progressDeadlineSeconds: seconds(workload.progressDeadline) }),
        revisionHistoryLimit: 3,
        template: pods.leader,
      },
    };
    return emit(this, 'deployment', manifest, props.overrides?.workload);
  }

  #groups(props: InferenceServerProps, pods: EnginePods): ApiObject {
    const { workload } = props.context;
    const spec = {
      replicas: workload.replicas,
      // Leader and workers look for each other while they load: who waits for the other's readiness waits for ever.
      startupPolicy: 'LeaderCreated',
      rolloutStrategy: { type: 'RollingUpdate', rollingUpdateConfiguration: IN_PLACE.rollingUpdate },
      leaderWorkerTemplate: {
        size: pods.size,
        // What one pod held of the model and of every answer in progress is gone with it.
        restartPolicy: 'RecreateGroupOnPodRestart',
        leaderTemplate: pods.leader,
        workerTemplate: pods.worker,
      },
    } as const;
    return leaderWorkerSet(this, 'groups', { metadata: queuedMetadata(props), spec }, props.overrides?.workload);
  }
}

const IN_PLACE = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } } as const;

function queuedMetadata({ context, queueLabel }: InferenceServerProps) {
  const metadata = metadataOf(context);
  return { ...metadata, labels: { ...metadata.labels, ...queueLabel } };
}

/** Of a group only its leader answers, and where a server has one port for all, that has one name. */
const answering = (pods: EnginePods) => ({
  labels: pods.worker === undefined ? {} : { [GROUP_ROLE_LABEL]: 'leader' },
  port: 'http' in pods.ports ? 'http' : 'ops',
});
