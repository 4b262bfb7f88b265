import type { Topology, TraceLoad } from '@penstock/model';
import type { ApiObject } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import type { Binding } from '../../binding.ts';
import { emit, type Override } from '../api-object.ts';
import { configFingerprint } from '../config-fingerprint.ts';
import { oneAtATime } from '../disruption-budget.ts';
import type { ImageReference } from '../image.ts';
import { platformMetadata } from '../labels.ts';
import { type Flow, networkPolicy, type Peer, tcp } from '../network-flow.ts';
import { ROLLOUT_STRATEGY } from '../workload.ts';
import { type TraceBackend, traceCollectorConfig } from './trace-collector-config.ts';
import { traceCollectorPods } from './trace-collector-pods.ts';
import { TRACE_PORTS, type TraceService } from './trace-service.ts';

export interface TraceCollectorProps {
  readonly topology: Topology;
  readonly service: TraceService;
  readonly load: TraceLoad;
  /** OpenTelemetry's collector with its contributed components, 0.159 or newer. */
  readonly image: ImageReference;
  readonly backend: TraceBackend;
  /** How its pods get to the back end, and to who lends them their rights there. */
  readonly reaches: readonly Flow[];
  /** Who sends: one peer a workload. */
  readonly senders: readonly Peer[];
  /** Stands in every span as `deployment.environment.name`. */
  readonly environment: string;
  /** The namespace that scrapes. @default 'monitoring' */
  readonly monitoringNamespace?: string;
  /** Annotations by which a cloud knows its account. @default - no cloud does */
  readonly account?: Readonly<Record<string, Binding<string>>>;
  readonly overrides?: Readonly<Partial<Record<keyof TraceCollectorNodes, Override>>>;
}

export interface TraceCollectorNodes {
  readonly config: ApiObject;
  readonly serviceAccount: ApiObject;
  readonly service: ApiObject;
  readonly peers: ApiObject;
  readonly deployment: ApiObject;
  readonly disruptionBudget: ApiObject;
  readonly networkPolicy: ApiObject;
}

/**
 * Takes the spans of a platform, decides trace by trace what is kept (docs/adr/0012) and sends that to who keeps it. Each
 * replica hears whatever comes, and decides about the traces that fall to it by their ids.
 */
export class TraceCollector extends Construct {
  readonly nodes: TraceCollectorNodes;

  constructor(scope: Construct, id: string, props: TraceCollectorProps) {
    super(scope, id);
    const { topology, service, load, overrides } = props;
    const labels = { ...service.podLabels, 'app.kubernetes.io/component': 'trace-collector' };
    const metadata = (name = service.name) => platformMetadata(topology, name, labels);
    const config = traceCollectorConfig({
      load,
      backend: props.backend,
      resource: { 'service.namespace': topology.name, 'deployment.environment.name': props.environment },
      peers: service.peers,
    });
    const configName = `${service.name}-config`;
    this.nodes = {
      config: emit(
        this,
        'config',
        k8s.KubeConfigMap.manifest({ metadata: metadata(configName), data: { 'config.yaml': config } }),
        overrides?.config,
      ),
      serviceAccount: emit(this, 'service-account', serviceAccount(metadata(), props), overrides?.serviceAccount),
      service: emit(
        this,
        'service',
        k8s.KubeService.manifest({
          metadata: metadata(),
          spec: { selector: service.podLabels, ports: [port('spans', TRACE_PORTS.spans)] },
        }),
        overrides?.service,
      ),
      peers: emit(
        this,
        'peers',
        k8s.KubeService.manifest({
          metadata: metadata(service.peersName),
          spec: { clusterIp: 'None', selector: service.podLabels, ports: [port('peers', TRACE_PORTS.peers)] },
        }),
        overrides?.peers,
      ),
      deployment: emit(
        this,
        'deployment',
        {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          metadata: metadata(),
          spec: {
            replicas: load.replicas,
            selector: { matchLabels: service.podLabels },
            strategy: ROLLOUT_STRATEGY,
            revisionHistoryLimit: 3,
            template: traceCollectorPods({
              name: service.name,
              labels: { ...metadata().labels },
              selector: service.podLabels,
              image: props.image,
              load,
              configMap: configName,
              configFingerprint: configFingerprint(config),
            }),
          },
        },
        overrides?.deployment,
      ),
      disruptionBudget: emit(
        this,
        'disruption-budget',
        oneAtATime(metadata(), service.podLabels),
        overrides?.disruptionBudget,
      ),
      networkPolicy: networkPolicy(this, 'network-policy', metadata(), rules(props), overrides?.networkPolicy),
    };
  }
}

const port = (name: string, number: number): k8s.ServicePort => ({
  name,
  port: number,
  targetPort: k8s.IntOrString.fromString(name),
});

function serviceAccount(metadata: ReturnType<typeof platformMetadata>, { account = {} }: TraceCollectorProps): unknown {
  const known = Object.entries(account).map(([annotation, value]) => [annotation, value.lower()]);
  return k8s.KubeServiceAccount.manifest({
    metadata: { ...metadata, annotations: { ...metadata.annotations, ...Object.fromEntries(known) } },
    automountServiceAccountToken: false,
  });
}

function rules({ service: { podLabels }, senders, reaches, monitoringNamespace }: TraceCollectorProps) {
  const itself: Flow = { peer: { pods: podLabels }, ports: [tcp(TRACE_PORTS.peers)] };
  return {
    pods: podLabels,
    ingress: [
      ...senders.map((peer) => ({ peer, ports: [tcp(TRACE_PORTS.spans)] })),
      { peer: { namespace: monitoringNamespace ?? 'monitoring' }, ports: [tcp(TRACE_PORTS.ops)] },
      itself,
    ],
    egress: [...reaches, itself],
  };
}
