import { Bytes } from '@penstock/model';
import { k8s } from 'cdk8s-plus-28';
import type { Footprint } from './footprint.ts';
import type { ImageReference } from './image.ts';
import { quantity, resourceRequirements } from './lowering.ts';
import {
  EXPORTER_PORT,
  NATS_CONFIG_FILE,
  NATS_DATA,
  NATS_PID_FILE,
  NATS_PORTS,
  NATS_TLS,
  NATS_VARIABLES,
} from './nats-config.ts';
import { keepApart, ZONE } from './placement.ts';
import { RESTRICTED_CONTAINER, RESTRICTED_POD } from './pod-security.ts';

export interface NatsPodsProps {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly servers: number;
  readonly images: { readonly server: ImageReference; readonly exporter: ImageReference };
  readonly resources: { readonly cpu: number; readonly memory: Bytes };
  /** Changes with the configuration, so that a changed one rolls out. */
  readonly configFingerprint: string;
  readonly tls?: NatsTls;
}

export interface NatsTls {
  /** With `tls.crt`, `tls.key` and `ca.crt`, e.g. of a cert-manager Certificate. */
  readonly secret: string;
  /** Image that tells a server when its certificate was renewed: by itself it reads it once. */
  readonly reloader: ImageReference;
}

const folderOf = (file: string): string => file.slice(0, file.lastIndexOf('/'));
/** Ten seconds of grace, thirty to send clients away, twenty to write what is open. */
const TERMINATION_GRACE_SECONDS = 60;
/** What Go may take before it collects in earnest; the rest is for the kernel's side of files and connections. */
const GO_MEMORY_SHARE = 0.8;
const MEBIBYTE = 1_048_576;
/** Recovery of a large store is read from the disk before a server is healthy: a quarter of an hour. */
const STARTUP = { periodSeconds: 10, failureThreshold: 90 };

/** A server with its exporter; passes the restricted Pod Security Standard. */
export function natsPods(props: NatsPodsProps): unknown {
  const { name, labels, tls } = props;
  const pod = k8s.toJson_PodSpec({
    serviceAccountName: name,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: TERMINATION_GRACE_SECONDS,
    securityContext: RESTRICTED_POD,
    ...(props.servers > 1 ? keepApart(labels) : {}),
    // For the reloader to signal the server, which runs as the same user.
    ...(tls === undefined ? {} : { shareProcessNamespace: true }),
    containers: [server(props), exporter(props)],
    volumes: [
      { name: 'config', configMap: { name: `${name}-config` } },
      { name: 'pid', emptyDir: { sizeLimit: quantity('1Mi') } },
      ...(tls === undefined ? [] : [{ name: 'tls', secret: { secretName: tls.secret, defaultMode: 0o440 } }]),
    ],
  });
  return {
    metadata: { labels, annotations: { 'penstock.dev/config-fingerprint': props.configFingerprint } },
    spec: { ...pod, ...(tls === undefined ? {} : { initContainers: [reloader(tls)] }) },
  };
}

/** For logs and what the image itself writes; the store has a volume. */
const SCRATCH = Bytes.parse('64 MiB');
/** The exporter holds one answer of the server at a time, the reloader nothing. */
const SIDECAR_RESOURCES = { cpu: 0.01, memory: Bytes.parse('64 MiB'), ephemeralStorage: SCRATCH };
const MOST_SIDECARS = 2;

/** All pods of a cluster, and one more for whoever looks into it. */
export const natsFootprint = (servers: number, resources: NatsPodsProps['resources']): Footprint => ({
  pods: servers + 1,
  resources: {
    cpu: resources.cpu + SIDECAR_RESOURCES.cpu * MOST_SIDECARS,
    memory: resources.memory.plus(SIDECAR_RESOURCES.memory.times(MOST_SIDECARS)),
    ephemeralStorage: SCRATCH.times(1 + MOST_SIDECARS),
  },
  gpus: 0,
});

const CONFIG_MOUNT = { name: 'config', mountPath: folderOf(NATS_CONFIG_FILE), readOnly: true };
const TLS_MOUNT = { name: 'tls', mountPath: NATS_TLS.folder, readOnly: true };

function server({ images, resources, tls }: NatsPodsProps): k8s.Container {
  const ask = (path: string): k8s.Probe => ({
    httpGet: { path, port: k8s.IntOrString.fromString('monitor') },
    timeoutSeconds: 5,
  });
  const goMemory = Math.floor((resources.memory.bytes * GO_MEMORY_SHARE) / MEBIBYTE);
  return {
    name: 'nats',
    image: images.server.text,
    imagePullPolicy: 'IfNotPresent',
    args: ['--config', NATS_CONFIG_FILE],
    env: [
      { name: NATS_VARIABLES.serverName, valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      // The zone of its node, which Kubernetes writes on pods from 1.35.
      { name: 'ZONE', valueFrom: { fieldRef: { fieldPath: `metadata.labels['${ZONE}']` } } },
      { name: NATS_VARIABLES.zoneTag, value: 'az:$(ZONE)' },
      { name: 'GOMEMLIMIT', value: `${goMemory}MiB` },
    ],
    ports: Object.entries(NATS_PORTS).map(([name, containerPort]) => ({ name, containerPort })),
    resources: resourceRequirements({ ...resources, ephemeralStorage: SCRATCH }),
    securityContext: RESTRICTED_CONTAINER,
    // Without streams at first: a server that recovers is alive, and one that lags is not to be killed for it.
    startupProbe: { ...ask('/healthz'), ...STARTUP },
    readinessProbe: { ...ask('/healthz?js-server-only=true'), periodSeconds: 10, failureThreshold: 3 },
    livenessProbe: { ...ask('/healthz?js-enabled-only=true'), periodSeconds: 30, failureThreshold: 3 },
    // Sends clients away one by one, then ends by itself; the SIGTERM that follows changes nothing.
    lifecycle: { preStop: { exec: { command: ['nats-server', `-sl=ldm=${NATS_PID_FILE}`] } } },
    volumeMounts: [
      CONFIG_MOUNT,
      { name: 'pid', mountPath: folderOf(NATS_PID_FILE) },
      { name: 'data', mountPath: NATS_DATA },
      ...(tls === undefined ? [] : [TLS_MOUNT]),
    ],
  };
}

function exporter({ images }: NatsPodsProps): k8s.Container {
  const port = k8s.IntOrString.fromString('prom-metrics');
  return {
    name: 'exporter',
    image: images.exporter.text,
    imagePullPolicy: 'IfNotPresent',
    args: [
      `-port=${EXPORTER_PORT}`,
      '-connz',
      '-routez',
      '-varz',
      '-jsz=all',
      '-prefix=nats',
      '-use_internal_server_id',
      `http://127.0.0.1:${NATS_PORTS.monitor}/`,
    ],
    ports: [{ name: 'prom-metrics', containerPort: EXPORTER_PORT }],
    resources: resourceRequirements(SIDECAR_RESOURCES),
    securityContext: RESTRICTED_CONTAINER,
    readinessProbe: { tcpSocket: { port }, periodSeconds: 10, timeoutSeconds: 2, failureThreshold: 3 },
  };
}

/** A sidecar, which runs before and after the others and which nobody waits for: newer than the generated types. */
function reloader({ reloader: image }: NatsTls): unknown {
  const files = [NATS_CONFIG_FILE, NATS_TLS.certificate, NATS_TLS.key, NATS_TLS.authority];
  const container = k8s.toJson_Container({
    name: 'reloader',
    image: image.text,
    imagePullPolicy: 'IfNotPresent',
    args: ['-pid', NATS_PID_FILE, ...files.flatMap((file) => ['-config', file])],
    resources: resourceRequirements(SIDECAR_RESOURCES),
    securityContext: RESTRICTED_CONTAINER,
    volumeMounts: [CONFIG_MOUNT, TLS_MOUNT, { name: 'pid', mountPath: folderOf(NATS_PID_FILE), readOnly: true }],
  });
  return { ...container, restartPolicy: 'Always' };
}
