// What policies read of a manifest. Every field may be missing: a policy judges what anyone wrote, not what we emit.

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Labels;
    readonly annotations?: Labels;
  };
  readonly [field: string]: unknown;
}

export type Labels = Readonly<Record<string, string>>;

export interface PodSpec {
  readonly serviceAccountName?: string;
  readonly automountServiceAccountToken?: boolean;
  readonly os?: { readonly name?: string };
  readonly hostNetwork?: boolean;
  readonly hostPID?: boolean;
  readonly hostIPC?: boolean;
  readonly terminationGracePeriodSeconds?: number;
  readonly securityContext?: SecurityContext;
  readonly affinity?: { readonly podAntiAffinity?: Readonly<Record<string, readonly unknown[]>> };
  readonly topologySpreadConstraints?: readonly { readonly topologyKey?: string }[];
  readonly containers?: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly ephemeralContainers?: readonly Container[];
  readonly volumes?: readonly Readonly<Record<string, unknown>>[];
}

export interface SecurityContext {
  readonly runAsNonRoot?: boolean;
  readonly runAsUser?: number;
  readonly privileged?: boolean;
  readonly allowPrivilegeEscalation?: boolean;
  readonly readOnlyRootFilesystem?: boolean;
  readonly seccompProfile?: { readonly type?: string };
  readonly procMount?: string;
  readonly appArmorProfile?: { readonly type?: string };
  readonly seLinuxOptions?: { readonly type?: string; readonly user?: string; readonly role?: string };
  readonly sysctls?: readonly { readonly name: string }[];
  readonly windowsOptions?: { readonly hostProcess?: boolean };
  readonly capabilities?: { readonly add?: readonly string[]; readonly drop?: readonly string[] };
}

export interface Container {
  readonly name?: string;
  readonly image?: string;
  readonly env?: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: Readonly<Record<string, unknown>>;
  }[];
  readonly envFrom?: readonly Readonly<Record<string, unknown>>[];
  readonly ports?: readonly { readonly hostPort?: number }[];
  readonly resources?: { readonly requests?: Labels; readonly limits?: Labels };
  readonly securityContext?: SecurityContext;
  readonly startupProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly lifecycle?: { readonly preStop?: Hook; readonly postStart?: Hook };
}

/** What the kubelet can be told to do; a `host` sends it to another machine than the pod. */
export interface Hook {
  readonly httpGet?: { readonly host?: string };
  readonly tcpSocket?: { readonly host?: string };
  readonly sleep?: { readonly seconds?: number };
}

export interface Probe {
  readonly httpGet?: { readonly host?: string };
  readonly tcpSocket?: { readonly host?: string };
  readonly exec?: unknown;
  readonly grpc?: unknown;
}

export interface WorkloadSpec {
  readonly replicas?: number;
  readonly template?: { readonly metadata?: { readonly labels?: Labels }; readonly spec?: PodSpec };
}

const WORKLOADS: readonly string[] = ['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job'];

/** The spec as the caller expects it; its fields are read as ones that may be missing. */
export const specOf = <T>(manifest: Manifest): Partial<T> => (manifest['spec'] ?? {}) as Partial<T>;

export const isWorkload = ({ kind }: Manifest): boolean => WORKLOADS.includes(kind);

/** The pod that a manifest makes, or undefined when it makes none. */
export function podOf(manifest: Manifest): PodSpec | undefined {
  if (manifest.kind === 'Pod') return specOf<PodSpec>(manifest);
  if (manifest.kind === 'CronJob')
    return specOf<{ jobTemplate: { spec?: WorkloadSpec } }>(manifest).jobTemplate?.spec?.template?.spec;
  return isWorkload(manifest) ? specOf<WorkloadSpec>(manifest).template?.spec : undefined;
}

export const containersOf = (pod: PodSpec | undefined): readonly Container[] => [
  ...(pod?.initContainers ?? []),
  ...(pod?.containers ?? []),
  ...(pod?.ephemeralContainers ?? []),
];

/** True when every label of the selector is on the object. An empty selector selects everything. */
export const selects = (selector: Labels | undefined, labels: Labels | undefined): boolean =>
  Object.entries(selector ?? {}).every(([key, value]) => labels?.[key] === value);
