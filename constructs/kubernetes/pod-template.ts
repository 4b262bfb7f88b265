import { type Bytes, Duration } from '@penstock/model';
import { k8s } from 'cdk8s-plus-28';
import type { Binding } from '../binding.ts';
import { topologyAnnotations, workloadLabels } from './labels.ts';
import { byteQuantity, PROBE_PERIOD, periodsWithin, resourceRequirements, seconds } from './lowering.ts';
import type { Placement } from './placement.ts';
import { RESTRICTED_CONTAINER, RESTRICTED_POD } from './pod-security.ts';
import type { Workload, WorkloadContext } from './workload.ts';

/** For the endpoint to leave every proxy before the process hears SIGTERM; part of the grace, beside the drain. */
const ENDPOINT_REMOVAL_SECONDS = 3;
/** Where every container may write. */
export const SCRATCH = '/tmp';

/** What is left of the grace when a called process hears SIGTERM, less a second to end in. */
export const shutdownWithin = (terminationGrace: Duration): Duration =>
  terminationGrace.minus(Duration.seconds(ENDPOINT_REMOVAL_SECONDS + 1));

export interface PodTemplateProps {
  readonly context: WorkloadContext<Workload>;
  readonly terminationGrace: Duration;
  /** From the start of the process until the kubelet gives up on it. */
  readonly startupBudget: Duration;
  /** True for pods that others call; nobody calls a worker, so it may hear SIGTERM at once. */
  readonly isCalled: boolean;
  /** What is started. @default - the entrypoint of the image */
  readonly process?: { readonly command?: readonly string[]; readonly args?: readonly string[] };
  readonly env: Readonly<Record<string, Binding<string> | string>>;
  /** What the kubelet asks; undefined where nobody answers. @default - the ops port of this project's services */
  readonly probes?: ProbePaths | undefined;
  readonly ports: Readonly<Record<string, number>>;
  readonly volumes: readonly Mount[];
  readonly placement: Placement;
  /** What it computes on beside processors. @default - nothing */
  readonly devices?: Devices;
  /** In addition to those of the workload. @default - none */
  readonly labels?: Readonly<Record<string, string>>;
  /** As `labels`. @default - none */
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface Mount {
  readonly name: string;
  readonly path: string;
  readonly readOnly: boolean;
  /** A folder inside of the volume. @default - the whole volume */
  readonly subPath?: string;
  /** The volume's source as JSON: image volumes are newer than the generated types. */
  readonly source: Readonly<Record<string, unknown>>;
}

/** As JSON; the generated types are older than some of its fields. */
export interface PodTemplate {
  readonly metadata: {
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly spec: Readonly<Record<string, unknown>>;
}

/** What the kubelet asks of a server, and by which of its ports. */
export interface ProbePaths {
  readonly port: 'http' | 'ops';
  readonly startup: string;
  readonly readiness: string;
  /** Answers as long as the process can still be of use, whatever it waits for. */
  readonly liveness: string;
}

/** Devices of one pod: counted by a resource, or given by claims. */
export interface Devices {
  readonly limits: Readonly<Record<string, string>>;
  /** Name of the template that each claim is made from, by the name of the claim. */
  readonly claims: Readonly<Record<string, string>>;
  /** For `/dev/shm`, out of the memory of the pod. */
  readonly sharedMemory: Bytes | undefined;
}

/** Every service of this project answers them apart from its own load. */
const OPS_PROBES: ProbePaths = { port: 'ops', startup: '/livez', readiness: '/readyz', liveness: '/livez' };

/**
 * One container that passes the restricted Pod Security Standard: no root, no capability, a read-only root file system
 * with a scratch volume of its own.
 */
export function podTemplate(props: PodTemplateProps): PodTemplate {
  const { topology, workload } = props.context;
  const { devices } = props;
  const mounts = [
    emptyVolume('scratch', SCRATCH, { sizeLimit: byteQuantity(workload.resources.ephemeralStorage) }),
    ...(devices?.sharedMemory === undefined
      ? []
      : [
          emptyVolume('shared-memory', '/dev/shm', {
            medium: 'Memory',
            sizeLimit: byteQuantity(devices.sharedMemory),
          }),
        ]),
    ...props.volumes,
  ];
  const claims = Object.entries(devices?.claims ?? {});
  return {
    metadata: {
      labels: { ...workloadLabels(topology, workload), ...props.labels },
      annotations: { ...topologyAnnotations(topology), ...props.annotations },
    },
    spec: {
      ...k8s.toJson_PodSpec({
        serviceAccountName: workload.name,
        automountServiceAccountToken: false,
        // One variable for every service of the namespace is of no use to anyone and slows the start.
        enableServiceLinks: false,
        terminationGracePeriodSeconds: seconds(props.terminationGrace),
        securityContext: RESTRICTED_POD,
        containers: [],
      }),
      ...props.placement,
      ...(claims.length === 0
        ? {}
        : { resourceClaims: claims.map(([name, resourceClaimTemplateName]) => ({ name, resourceClaimTemplateName })) }),
      containers: [container(props, mounts)],
      volumes: mounts.map(({ name, source }) => ({ name, ...source })),
    },
  };
}

const emptyVolume = (name: string, path: string, emptyDir: Readonly<Record<string, string>>): Mount => ({
  name,
  path,
  readOnly: false,
  source: { emptyDir },
});

function container(props: PodTemplateProps, mounts: readonly Mount[]): unknown {
  const { workload, image } = props.context;
  const { limits = {}, claims = {} } = props.devices ?? {};
  const env = Object.entries(props.env).map(([name, value]) => ({
    name,
    value: typeof value === 'string' ? value : value.lower(),
  }));
  const ports = Object.entries(props.ports);
  const requirements = k8s.toJson_ResourceRequirements(resourceRequirements(workload.resources));
  const probed = 'probes' in props ? props.probes : OPS_PROBES;
  return {
    ...k8s.toJson_Container({
      name: workload.service.name,
      image: image.text,
      imagePullPolicy: 'IfNotPresent',
      ...(props.process?.command === undefined ? {} : { command: [...props.process.command] }),
      ...(props.process?.args === undefined ? {} : { args: [...props.process.args] }),
      // The API server keeps no empty list, and would see a change in every apply.
      ...(env.length === 0 ? {} : { env }),
      ...(ports.length === 0 ? {} : { ports: ports.map(([name, containerPort]) => ({ name, containerPort })) }),
      securityContext: RESTRICTED_CONTAINER,
      ...(probed === undefined ? {} : probes(probed, props.ports, props.startupBudget)),
      volumeMounts: mounts.map(({ name, path, readOnly, subPath }) => ({
        name,
        mountPath: path,
        readOnly,
        ...(subPath === undefined ? {} : { subPath }),
      })),
    }),
    resources: {
      ...requirements,
      limits: { ...requirements?.limits, ...limits },
      ...(Object.keys(claims).length === 0 ? {} : { claims: Object.keys(claims).map((name) => ({ name })) }),
    },
    // The kubelet sleeps, so that the image needs no shell; newer than the generated types.
    ...(props.isCalled ? { lifecycle: { preStop: { sleep: { seconds: ENDPOINT_REMOVAL_SECONDS } } } } : {}),
  };
}

/**
 * Startup keeps the kubelet's hands off while a model loads. Then readiness says whether it may be given work, and
 * liveness only whether the process still turns: neither a dependency that is down nor a profile that does not fit may
 * make the kubelet kill a process that says what is wrong.
 */
function probes(
  paths: ProbePaths,
  ports: Readonly<Record<string, number>>,
  startupBudget: Duration,
): Pick<k8s.Container, 'startupProbe' | 'readinessProbe' | 'livenessProbe'> {
  // A server whose API and operations share a port has only one name for it.
  const port = paths.port in ports ? paths.port : 'ops';
  const ask = (path: string): k8s.Probe => ({
    httpGet: { path, port: k8s.IntOrString.fromString(port) },
    periodSeconds: seconds(PROBE_PERIOD),
    timeoutSeconds: 2,
  });
  return {
    startupProbe: { ...ask(paths.startup), failureThreshold: periodsWithin(startupBudget, seconds(PROBE_PERIOD)) },
    readinessProbe: { ...ask(paths.readiness), failureThreshold: 2 },
    livenessProbe: { ...ask(paths.liveness), failureThreshold: 6 },
  };
}
