import type { Duration } from '@penstock/model';
import { k8s } from 'cdk8s-plus-28';
import type { Binding } from '../binding.ts';
import { topologyAnnotations, workloadLabels } from './labels.ts';
import { byteQuantity, PROBE_PERIOD, periodsWithin, resourceRequirements, seconds } from './lowering.ts';
import { RESTRICTED_CONTAINER, RESTRICTED_POD } from './pod-security.ts';
import type { Workload, WorkloadContext } from './workload.ts';

/** For the endpoint to leave every proxy before the process hears SIGTERM; part of the grace, beside the drain. */
const ENDPOINT_REMOVAL_SECONDS = 3;
const SCRATCH = '/tmp';

export interface PodTemplateProps {
  readonly context: WorkloadContext<Workload>;
  readonly terminationGrace: Duration;
  /** From the start of the process until the kubelet gives up on it. */
  readonly startupBudget: Duration;
  /** True for pods that others call; nobody calls a worker, so it may hear SIGTERM at once. */
  readonly isCalled: boolean;
  readonly env: Readonly<Record<string, Binding<string> | string>>;
  readonly ports: Readonly<Record<string, number>>;
  readonly volumes: readonly Mount[];
  readonly placement: Pick<k8s.PodSpec, 'affinity' | 'topologySpreadConstraints'>;
}

export interface Mount {
  readonly name: string;
  readonly path: string;
  readonly readOnly: boolean;
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

/**
 * One container that passes the restricted Pod Security Standard: no root, no capability, a read-only root file system
 * with a scratch volume of its own. All three probes ask the ops port, apart from the service's own load.
 */
export function podTemplate(props: PodTemplateProps): PodTemplate {
  const { topology, workload } = props.context;
  const scratch: Mount = {
    name: 'scratch',
    path: SCRATCH,
    readOnly: false,
    source: { emptyDir: { sizeLimit: byteQuantity(workload.resources.ephemeralStorage) } },
  };
  const mounts = [scratch, ...props.volumes];
  return {
    metadata: { labels: workloadLabels(topology, workload), annotations: topologyAnnotations(topology) },
    spec: {
      ...k8s.toJson_PodSpec({
        serviceAccountName: workload.name,
        automountServiceAccountToken: false,
        // One variable for every service of the namespace is of no use to anyone and slows the start.
        enableServiceLinks: false,
        terminationGracePeriodSeconds: seconds(props.terminationGrace),
        securityContext: RESTRICTED_POD,
        ...props.placement,
        containers: [],
      }),
      containers: [container(props, mounts)],
      volumes: mounts.map(({ name, source }) => ({ name, ...source })),
    },
  };
}

function container(props: PodTemplateProps, mounts: readonly Mount[]): unknown {
  const { workload, image } = props.context;
  return {
    ...k8s.toJson_Container({
      name: workload.service.name,
      image: image.text,
      imagePullPolicy: 'IfNotPresent',
      env: Object.entries(props.env).map(([name, value]) => ({
        name,
        value: typeof value === 'string' ? value : value.lower(),
      })),
      ports: Object.entries(props.ports).map(([name, containerPort]) => ({ name, containerPort })),
      resources: resourceRequirements(workload.resources),
      securityContext: RESTRICTED_CONTAINER,
      ...probes(props.startupBudget),
      volumeMounts: mounts.map(({ name, path, readOnly }) => ({ name, mountPath: path, readOnly })),
    }),
    // The kubelet sleeps, so that the image needs no shell; newer than the generated types.
    ...(props.isCalled ? { lifecycle: { preStop: { sleep: { seconds: ENDPOINT_REMOVAL_SECONDS } } } } : {}),
  };
}

/**
 * Startup keeps the kubelet's hands off while a model loads. Then readiness says whether it may be given work, and
 * liveness only whether the process still turns: neither a dependency that is down nor a profile that does not fit may
 * make the kubelet kill a process that says what is wrong.
 */
function probes(startupBudget: Duration): Pick<k8s.Container, 'startupProbe' | 'readinessProbe' | 'livenessProbe'> {
  const ask = (path: string): k8s.Probe => ({
    httpGet: { path, port: k8s.IntOrString.fromString('ops') },
    periodSeconds: seconds(PROBE_PERIOD),
    timeoutSeconds: 2,
  });
  return {
    startupProbe: { ...ask('/livez'), failureThreshold: periodsWithin(startupBudget, seconds(PROBE_PERIOD)) },
    readinessProbe: { ...ask('/readyz'), failureThreshold: 2 },
    livenessProbe: { ...ask('/livez'), failureThreshold: 6 },
  };
}
