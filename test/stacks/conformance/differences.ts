import type { Facts } from './facts.ts';
import type { Target } from './targets.ts';

/** Something that is not the same everywhere, and why it has to be so. */
export interface ReviewedDifference {
  readonly target: Exclude<Target, 'kubernetes'>;
  readonly what: string;
  /** Of the places where it shows. */
  readonly at: RegExp;
  readonly reason: string;
}

export interface Difference {
  readonly target: Exclude<Target, 'kubernetes'>;
  readonly path: string;
  readonly anywhere: string | undefined;
  readonly here: string | undefined;
}

/** Every value that a target has otherwise than a cluster that is nobody's, or that one of them has alone. */
export const differences = (
  anywhere: Facts,
  targets: Readonly<Record<Exclude<Target, 'kubernetes'>, Facts>>,
): readonly Difference[] =>
  (['aws', 'gcp'] as const).flatMap((target) =>
    [...new Set([...anywhere.keys(), ...targets[target].keys()])]
      .map((path) => ({ target, path, anywhere: anywhere.get(path), here: targets[target].get(path) }))
      .filter((each) => each.anywhere !== each.here),
  );

/** Reviewed: what is not in here has to be the same on all three. */
export const REVIEWED: readonly ReviewedDifference[] = [
  {
    target: 'aws',
    what: 'registry of the images of services and models',
    at: /\.image$|\[model\]\.image\.reference$/,
    reason: 'images lie in the registry of the account and region, and their tags are the same',
  },
  {
    target: 'aws',
    what: 'class of the volumes, and the class itself',
    at: /\.storageClassName$|^StorageClass\//,
    reason: 'EKS brings a driver of disks and no class of encrypted ones; elsewhere a class is there already',
  },
  {
    target: 'aws',
    what: 'the store of secrets, the issuer of certificates and its authority',
    at: /^(ClusterSecretStore|ClusterIssuer|ExternalSecret\/cert-manager)\//,
    reason: 'its stacks bring what the environment of a cluster elsewhere says is there already',
  },
  {
    target: 'aws',
    what: 'keys of secrets in their store',
    at: /^ExternalSecret\/mailroom(-nats)?\/\S+ \.spec\.data\[\d+\]\.remoteRef\.key$/,
    reason: 'an account may hold several environments, so each keeps its secrets under its name',
  },
  {
    target: 'aws',
    what: 'rights at the cloud of the operator that reads secrets',
    at: /^identity external-secrets\/external-secrets$/,
    reason: 'it reads the store that these stacks bring, the keys that the platform names and no others',
  },
  {
    target: 'aws',
    what: 'rights at the cloud of the Prometheus that collects samples',
    at: /^identity monitoring\/prometheus$/,
    reason: 'it sends what it collects to Managed Prometheus, which keeps it and evaluates the rules',
  },
  {
    target: 'aws',
    what: 'who keeps traces, and the way there',
    at: /^(ConfigMap\/\S+-traces-config \.data|NetworkPolicy\/\S+-traces \.spec\.egress|Deployment\/\S+-traces .*config-fingerprint)/,
    reason: 'X-Ray keeps them, by an endpoint in the network; elsewhere the environment names who takes OTLP',
  },
  {
    target: 'aws',
    what: 'rights at the cloud of the collector of traces',
    at: /^identity mailroom\/mailroom-traces$/,
    reason: 'it sends spans to X-Ray and can read none',
  },
  {
    target: 'gcp',
    what: 'registry of the images of services and models',
    at: /\.image$|\[model\]\.image\.reference$/,
    reason: 'images lie in the project of the artifacts, and their tags are the same',
  },
  {
    target: 'gcp',
    what: 'class of the volumes',
    at: /\.storageClassName$/,
    reason:
      'the default class of GKE binds a volume before it is known in which zone the pod will be, on the slowest disks',
  },
  {
    target: 'gcp',
    what: 'the store of secrets, the issuer of certificates and its authority',
    at: /^(ClusterSecretStore|ClusterIssuer|ExternalSecret\/cert-manager)\//,
    reason: 'its program brings what the environment of a cluster elsewhere says is there already',
  },
  {
    target: 'gcp',
    what: 'keys of secrets in their store',
    at: /^ExternalSecret\/mailroom(-nats)?\/\S+ \.spec\.data\[\d+\]\.remoteRef\.key$/,
    reason: 'Secret Manager has no folders',
  },
  {
    target: 'gcp',
    what: 'rights at the cloud of the operator that reads secrets',
    at: /^identity external-secrets\/external-secrets$/,
    reason: 'it reads the store that this program brings, the keys that the platform names and no others',
  },
  {
    target: 'gcp',
    what: 'annotations `pulumi.com/...`',
    at: /^(?!(ClusterSecretStore|ClusterIssuer|ExternalSecret\/cert-manager)\/).*\.metadata\.annotations\.pulumi\.com\//,
    reason: 'Pulumi waits by them for what others build upon; nobody else reads them',
  },
  {
    target: 'gcp',
    what: 'who collects samples, and from which namespace',
    at: /^(collectors|PodMonitor(ing)?\/\S+) /,
    reason: 'GKE brings collectors of Google, which keep what they collect where nobody has to run a database',
  },
  {
    target: 'gcp',
    what: 'rules and the dashboard as objects of the cluster',
    at: /^(PrometheusRule\/\S+|ConfigMap\/\S+-dashboard) /,
    reason:
      'Cloud Monitoring evaluates and shows them from outside: alerts go on when the cluster does not, and each holds as it does elsewhere',
  },
  {
    target: 'gcp',
    what: 'an alert about pods that find no node',
    at: /^alert\/PenstockPodsUnschedulable\//,
    reason: 'the cloud that owns the machines counts them; elsewhere the cluster has alerts of its own about that',
  },
  {
    target: 'gcp',
    what: 'whom KEDA asks how fast work comes, and as whom',
    at: /^(ScaledObject\/\S+ \.spec\.triggers\[prometheus\]\.(metadata\.serverAddress|authenticationRef)|TriggerAuthentication\/\S+ |identity keda\/)/,
    reason:
      'Managed Prometheus answers outside of the cluster, by an account of Google; query and threshold are the same',
  },
  {
    target: 'gcp',
    what: 'who keeps traces, and the way there',
    at: /^(ConfigMap\/\S+-traces-config \.data|NetworkPolicy\/\S+-traces \.spec\.egress|Deployment\/\S+-traces .*config-fingerprint|ServiceAccount\/\S+-traces \.metadata)/,
    reason: 'Cloud Trace keeps them, at addresses of Google outside of the network',
  },
  {
    target: 'gcp',
    what: 'rights at the cloud of the collector of traces',
    at: /^identity mailroom\/mailroom-traces$/,
    reason: 'it sends spans to Cloud Trace and can read none',
  },
];
