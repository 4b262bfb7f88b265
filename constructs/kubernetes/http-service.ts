import { encodeProfile, httpServiceProfile, PROFILE_VARIABLE, type ResolvedHttpService } from '@penstock/model';
import type { ApiObject } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import type { Binding } from '../binding.ts';
import { emit, type Override } from './api-object.ts';
import { clusterAddress, clusterService } from './cluster-service.ts';
import { oneAtATime } from './disruption-budget.ts';
import { selectorLabels } from './labels.ts';
import type { Flow, Peer } from './network-flow.ts';
import { spreadApart } from './placement.ts';
import { type Mount, podTemplate } from './pod-template.ts';
import { scalingBehavior } from './scaling-behavior.ts';
import { type Addresses, busAddress, engineAddresses } from './service-environment.ts';
import { enginesOf, type Traffic } from './traffic.ts';
import { emitServiceAccount, metadataOf, ROLLOUT_STRATEGY, type WorkloadContext } from './workload.ts';

export interface HttpServiceProps {
  readonly context: WorkloadContext<ResolvedHttpService>;
  readonly namespace: string;
  /** Where the queues are that it publishes to: PENSTOCK_BUS. @default - it publishes to none */
  readonly bus?: Binding<string>;
  /** Address of the engine in each role the service calls: PENSTOCK_ENGINE_<ROLE>. @default - it calls none */
  readonly engines?: Addresses;
  /** What else the service asks for by name. @default - nothing */
  readonly addresses?: Addresses;
  /** Secrets that it reads as files. @default - none */
  readonly secrets?: readonly { readonly mount: Mount }[];
  /** Who may call it beside a route of the gateway. @default - nobody */
  readonly callers?: readonly Peer[];
  /** What it speaks to outside of the topology, e.g. a database. @default - nothing */
  readonly reaches?: readonly Flow[];
  readonly overrides?: {
    readonly deployment?: Override;
    readonly service?: Override;
    readonly disruptionBudget?: Override;
    readonly serviceAccount?: Override;
    readonly autoscaler?: Override;
  };
}

export interface HttpServiceNodes {
  readonly deployment: ApiObject;
  readonly service: ApiObject;
  readonly disruptionBudget: ApiObject;
  readonly serviceAccount: ApiObject;
  /** Undefined where the number of replicas is fixed. */
  readonly autoscaler: ApiObject | undefined;
}

/**
 * A service of the topology that answers requests. Its process answers `/livez`, `/readyz` and `/metrics` on the ops
 * port. Where a scaler follows its load, the Deployment has no `replicas`: every apply would undo the scaler's work.
 */
export class HttpService extends Construct {
  readonly nodes: HttpServiceNodes;
  readonly context: WorkloadContext<ResolvedHttpService>;
  readonly traffic: Traffic;
  /** Where callers find it. */
  readonly address: Binding<string>;

  /**
   * @throws {ConstructError} `reference-missing` when a role that the service calls or publishes to has no address,
   *   `window-too-long` when the cooldown is longer than a scale-down can be held back
   */
  constructor(scope: Construct, id: string, props: HttpServiceProps) {
    super(scope, id);
    const { context, overrides } = props;
    const { topology, workload } = context;
    const labels = selectorLabels(topology, workload);
    this.context = context;
    this.address = clusterAddress(workload, props.namespace);
    this.traffic = {
      opsPort: workload.service.ports.ops,
      httpPort: workload.service.ports.http,
      callers: props.callers ?? [],
      usesBroker: workload.publishes.length > 0,
      calls: enginesOf(workload.calls),
      reaches: props.reaches ?? [],
    };
    const isScaled = workload.minReplicas < workload.maxReplicas;
    this.nodes = {
      deployment: emit(this, 'deployment', deployment(props, isScaled), overrides?.deployment),
      service: emit(this, 'service', clusterService(context), overrides?.service),
      disruptionBudget: emit(
        this,
        'disruption-budget',
        oneAtATime(metadataOf(context), labels),
        overrides?.disruptionBudget,
      ),
      serviceAccount: emitServiceAccount(this, context, overrides?.serviceAccount),
      autoscaler: isScaled ? emit(this, 'autoscaler', autoscaler(context), overrides?.autoscaler) : undefined,
    };
  }
}

function deployment(props: HttpServiceProps, isScaled: boolean): unknown {
  const { context } = props;
  const { topology, workload } = context;
  const path = `httpServices.${workload.id}`;
  const labels = selectorLabels(topology, workload);
  const template = podTemplate({
    context,
    terminationGrace: workload.terminationGrace,
    startupBudget: workload.coldStart,
    isCalled: true,
    env: {
      [PROFILE_VARIABLE]: encodeProfile(httpServiceProfile(topology, workload.id)),
      ...busAddress(path, workload.publishes, props.bus),
      ...engineAddresses(path, workload.calls, props.engines ?? {}),
      ...props.addresses,
    },
    ports: { ...workload.service.ports },
    volumes: (props.secrets ?? []).map(({ mount }) => mount),
    placement: spreadApart(labels),
  });
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: metadataOf(context),
    spec: {
      ...(isScaled ? {} : { replicas: workload.maxReplicas }),
      selector: { matchLabels: labels },
      strategy: ROLLOUT_STRATEGY,
      revisionHistoryLimit: 3,
      template,
    },
  };
}

/** By the share of the requested processor that is used: the fact that makes it speak is `limitedBy: 'cpu'`. */
function autoscaler(context: WorkloadContext<ResolvedHttpService>): unknown {
  const { workload } = context;
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: metadataOf(context),
    spec: {
      ...k8s.toJson_HorizontalPodAutoscalerSpecV2({
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: workload.name },
        minReplicas: workload.minReplicas,
        maxReplicas: workload.maxReplicas,
        metrics: [
          {
            type: 'Resource',
            resource: {
              name: 'cpu',
              target: { type: 'Utilization', averageUtilization: Math.round(workload.targetUtilisation * 100) },
            },
          },
        ],
      }),
      behavior: scalingBehavior(workload.cooldown, `httpServices.${workload.id}.cooldown`),
    },
  };
}
