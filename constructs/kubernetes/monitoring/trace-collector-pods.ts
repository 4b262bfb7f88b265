import type { TraceLoad } from '@penstock/model';
import { k8s } from 'cdk8s-plus-28';
import type { ImageReference } from '../image.ts';
import { byteQuantity, quantity, resourceRequirements } from '../lowering.ts';
import { spreadApart } from '../placement.ts';
import { RESTRICTED_CONTAINER, RESTRICTED_POD } from '../pod-security.ts';
import { SCRATCH } from '../pod-template.ts';
import { TRACE_PORTS } from './trace-service.ts';

export interface TraceCollectorPodsProps {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly selector: Readonly<Record<string, string>>;
  readonly image: ImageReference;
  readonly load: TraceLoad;
  readonly configMap: string;
  /** Changes with the configuration, so that a changed one rolls out. */
  readonly configFingerprint: string;
}

const CONFIG_FOLDER = '/etc/otelcol';
/** Peers look for each other every 5 seconds and senders hold connections: who goes is asked nothing more by then. */
const ENDPOINT_REMOVAL_SECONDS = 8;
/** What is left of the grace is for what waits to be sent. */
const TERMINATION_GRACE_SECONDS = 30;
/** Of the memory limit, from which on the process collects its garbage harder instead of growing. */
const SOFT_LIMIT_SHARE = 0.8;

/** A collector that passes the restricted Pod Security Standard. */
export function traceCollectorPods(props: TraceCollectorPodsProps): unknown {
  const { name, labels, selector, load, configMap } = props;
  const pod = k8s.toJson_PodSpec({
    serviceAccountName: name,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: TERMINATION_GRACE_SECONDS,
    securityContext: RESTRICTED_POD,
    ...spreadApart(selector),
    containers: [],
    volumes: [
      { name: 'config', configMap: { name: configMap } },
      { name: 'scratch', emptyDir: { sizeLimit: quantity(byteQuantity(load.resources.ephemeralStorage)) } },
    ],
  });
  return {
    metadata: { labels, annotations: { 'penstock.dev/config-fingerprint': props.configFingerprint } },
    spec: {
      ...pod,
      containers: [
        {
          ...k8s.toJson_Container(container(props)),
          // The kubelet sleeps; newer than the generated types.
          lifecycle: { preStop: { sleep: { seconds: ENDPOINT_REMOVAL_SECONDS } } },
        },
      ],
    },
  };
}

function container({ image, load }: TraceCollectorPodsProps): k8s.Container {
  const port = k8s.IntOrString.fromString('health');
  const often = (failureThreshold: number): k8s.Probe => ({ periodSeconds: 5, timeoutSeconds: 2, failureThreshold });
  const isReady: k8s.Probe = { httpGet: { path: '/', port } };
  return {
    name: 'otelcol',
    image: image.text,
    imagePullPolicy: 'IfNotPresent',
    args: [`--config=${CONFIG_FOLDER}/config.yaml`],
    env: [{ name: 'GOMEMLIMIT', value: `${Math.floor(load.resources.memory.bytes * SOFT_LIMIT_SHARE)}` }],
    ports: Object.entries(TRACE_PORTS).map(([name, containerPort]) => ({ name, containerPort })),
    resources: resourceRequirements(load.resources),
    securityContext: RESTRICTED_CONTAINER,
    startupProbe: { ...isReady, ...often(12) },
    readinessProbe: { ...isReady, ...often(2) },
    // It may have a back end that is away; only a process that hears nothing is started anew.
    livenessProbe: { tcpSocket: { port }, ...often(6) },
    volumeMounts: [
      { name: 'config', mountPath: CONFIG_FOLDER, readOnly: true },
      { name: 'scratch', mountPath: SCRATCH },
    ],
  };
}
