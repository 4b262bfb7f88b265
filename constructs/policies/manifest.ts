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

/** Quantities by resource, as anyone may write them. */
export type Amounts = Readonly<Record<string, string | number>>;

export interface PodSpec {
  readonly serviceAccountName?: string;
  readonly automountServiceAccountToken?: boolean;
  readonly os?: { readonly name?: string };
  readonly hostNetwork?: boolean;
  readonly hostPID?: boolean;
  readonly hostIPC?: boolean;
  readonly shareProcessNamespace?: boolean;
  readonly terminationGracePeriodSeconds?: number;
  readonly securityContext?: SecurityContext;
  readonly affinity?: {
    readonly nodeAffinity?: unknown;
    readonly podAffinity?: PodAffinity;
    readonly podAntiAffinity?: PodAffinity;
  };
  readonly nodeSelector?: Labels;
  readonly topologySpreadConstraints?: readonly (AffinityTerm & {
    readonly maxSkew?: number;
    readonly whenUnsatisfiable?: string;
  })[];
  readonly tolerations?: readonly {
    readonly key?: string;
    readonly operator?: string;
    readonly value?: string;
    readonly effect?: string;
  }[];
  readonly resourceClaims?: readonly unknown[];
  readonly containers?: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly ephemeralContainers?: readonly Container[];
  readonly volumes?: readonly Readonly<Record<string, unknown>>[];
}

export interface PodAffinity {
  readonly requiredDuringSchedulingIgnoredDuringExecution?: readonly AffinityTerm[];
  readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly { readonly podAffinityTerm?: AffinityTerm }[];
}

/** Which other pods a pod is placed by, and over what. */
export interface AffinityTerm {
  readonly topologyKey?: string;
  readonly labelSelector?: { readonly matchLabels?: Labels };
  readonly matchLabelKeys?: readonly string[];
}

export interface SecurityContext {
  readonly runAsNonRoot?: boolean;
  readonly runAsUser?: number;
  readonly runAsGroup?: number;
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
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: Readonly<Record<string, unknown>>;
  }[];
  readonly envFrom?: readonly Readonly<Record<string, unknown>>[];
  readonly ports?: readonly { readonly hostPort?: number; readonly containerPort?: number }[];
  readonly volumeMounts?: readonly { readonly name?: string; readonly mountPath?: string }[];
  readonly resources?: { readonly requests?: Amounts; readonly limits?: Amounts };
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
  readonly httpGet?: { readonly host?: string; readonly path?: string };
  readonly tcpSocket?: { readonly host?: string };
  readonly exec?: unknown;
  readonly grpc?: unknown;
  readonly periodSeconds?: number;
  readonly timeoutSeconds?: number;
  readonly failureThreshold?: number;
  readonly initialDelaySeconds?: number;
}

export interface WorkloadSpec {
  readonly replicas?: number;
  readonly selector?: { readonly matchLabels?: Labels };
  readonly template?: PodTemplate;
}

/** What makes pods and keeps them, or sees them through. */
export const WORKLOADS: readonly string[] = ['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job'];

/** The spec as the caller expects it; its fields are read as ones that may be missing. */
export const specOf = <T>(manifest: Manifest): Partial<T> => (manifest['spec'] ?? {}) as Partial<T>;

export const isWorkload = ({ kind }: Manifest): boolean => WORKLOADS.includes(kind);

/** A pod as it is made, with the labels it will carry. */
export interface PodTemplate {
  readonly metadata?: { readonly labels?: Labels; readonly annotations?: Labels };
  readonly spec?: PodSpec;
}

interface Templates {
  readonly template: PodTemplate;
  readonly jobTemplate: { readonly spec?: WorkloadSpec };
  readonly jobTargetRef: WorkloadSpec;
  readonly leaderWorkerTemplate: { readonly leaderTemplate?: PodTemplate; readonly workerTemplate?: PodTemplate };
}

/** What a manifest makes pods from: one template, two of a LeaderWorkerSet, none of most kinds. */
export function templatesOf(manifest: Manifest): readonly PodTemplate[] {
  const { kind, metadata } = manifest;
  const spec = specOf<Templates>(manifest);
  if (kind === 'Pod') return [{ metadata, spec: specOf<PodSpec>(manifest) }];
  const groups = spec.leaderWorkerTemplate;
  const templates =
    kind === 'CronJob'
      ? [spec.jobTemplate?.spec?.template]
      : kind === 'ScaledJob'
        ? [spec.jobTargetRef?.template]
        : kind === 'LeaderWorkerSet'
          ? [groups?.leaderTemplate, groups?.workerTemplate]
          : isWorkload(manifest)
            ? [spec.template]
            : [];
  return templates.filter((template) => template !== undefined);
}

export const podsOf = (manifest: Manifest): readonly PodSpec[] =>
  templatesOf(manifest).flatMap(({ spec }) => spec ?? []);

/** True for the pod of a group that only its leader talks to: the group lives and is replaced as one. */
export function isGroupWorker(manifest: Manifest, pod: PodSpec): boolean {
  const { leaderTemplate, workerTemplate } = specOf<Templates>(manifest).leaderWorkerTemplate ?? {};
  return leaderTemplate !== undefined && workerTemplate?.spec === pod;
}

export const containersOf = (pod: PodSpec | undefined): readonly Container[] => [
  ...(pod?.initContainers ?? []),
  ...(pod?.containers ?? []),
  ...(pod?.ephemeralContainers ?? []),
];

/** True when every label of the selector is on the object. An empty selector selects everything. */
export const selects = (selector: Labels | undefined, labels: Labels | undefined): boolean =>
  Object.entries(selector ?? {}).every(([key, value]) => labels?.[key] === value);
