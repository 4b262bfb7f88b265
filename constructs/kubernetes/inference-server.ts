import { encodeProfile, engineProfile, PROFILE_VARIABLE, type ResolvedInferenceEngine } from '@penstock/model';
import type { ApiObject } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { Binding } from '../binding.ts';
import { emit, type Override } from './api-object.ts';
import { oneAtATime } from './disruption-budget.ts';
import type { ImageReference } from './image.ts';
import { selectorLabels } from './labels.ts';
import { spreadApart } from './placement.ts';
import { podTemplate } from './pod-template.ts';
import { emitServiceAccount, metadataOf, ROLLOUT_STRATEGY, type WorkloadContext } from './workload.ts';

export interface InferenceServerProps {
  readonly context: WorkloadContext<ResolvedInferenceEngine>;
  readonly namespace: string;
  /**
   * An image that holds nothing but the files of the model, at the declared revision. Mounted read-only and kept by the
   * node like any image: a second pod on it starts without a download. Needs Kubernetes 1.35 (image volumes).
   */
  readonly weights: ImageReference;
  readonly overrides?: {
    readonly deployment?: Override;
    readonly service?: Override;
    readonly disruptionBudget?: Override;
    readonly serviceAccount?: Override;
  };
}

const MODEL_FOLDER = '/var/lib/penstock/model';

/** An inference engine of the topology, behind a service of its own. The model says how many replicas carry the peak. */
export class InferenceServer extends Construct {
  readonly nodes: {
    readonly deployment: ApiObject;
    readonly service: ApiObject;
    readonly disruptionBudget: ApiObject;
    readonly serviceAccount: ApiObject;
  };
  readonly context: WorkloadContext<ResolvedInferenceEngine>;
  /** Where callers find it. */
  readonly address: Binding<string>;

  constructor(scope: Construct, id: string, props: InferenceServerProps) {
    super(scope, id);
    this.context = props.context;
    const { workload } = props.context;
    this.address = Binding.of(
      `http://${workload.name}.${props.namespace}.svc.cluster.local:${workload.service.ports.http}`,
    );
    this.nodes = {
      deployment: emit(this, 'deployment', deployment(props), props.overrides?.deployment),
      service: emit(this, 'service', service(props), props.overrides?.service),
      disruptionBudget: emit(
        this,
        'disruption-budget',
        // What carries the peak never loses more than one replica to a drain.
        oneAtATime(metadataOf(props.context), selectorLabels(props.context.topology, workload)),
        props.overrides?.disruptionBudget,
      ),
      serviceAccount: emitServiceAccount(this, props.context, props.overrides?.serviceAccount),
    };
  }
}

function deployment({ context, weights }: InferenceServerProps): unknown {
  const { topology, workload } = context;
  const labels = selectorLabels(topology, workload);
  const template = podTemplate({
    context,
    terminationGrace: workload.terminationGrace,
    startupBudget: workload.startupBudget,
    isCalled: true,
    env: {
      [PROFILE_VARIABLE]: encodeProfile(engineProfile(topology, workload.id)),
      PENSTOCK_MODEL_DIR: MODEL_FOLDER,
    },
    ports: { ...workload.service.ports },
    volumes: [
      {
        name: 'model',
        path: MODEL_FOLDER,
        readOnly: true,
        source: { image: { reference: weights.text, pullPolicy: 'IfNotPresent' } },
      },
    ],
    placement: spreadApart(labels),
  });
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: metadataOf(context),
    spec: {
      replicas: workload.replicas,
      selector: { matchLabels: labels },
      strategy: ROLLOUT_STRATEGY,
      revisionHistoryLimit: 3,
      template,
    },
  };
}

function service({ context }: InferenceServerProps): unknown {
  const { topology, workload } = context;
  return k8s.KubeService.manifest({
    metadata: metadataOf(context),
    spec: {
      type: 'ClusterIP',
      selector: selectorLabels(topology, workload),
      ports: [
        {
          name: 'http',
          port: workload.service.ports.http,
          targetPort: k8s.IntOrString.fromString('http'),
          appProtocol: 'http',
        },
      ],
    },
  });
}
