import type { Manifest } from '../../../constructs/policies/index.ts';
import type { PlatformAlert } from './alerts.ts';
import type { Synthesized } from './targets.ts';

/** Every single value, by the object it is of and its place in it. */
export type Facts = ReadonlyMap<string, string>;

/**
 * An object under `<kind>/<namespace>/<name>`, its values under their paths; lists of named things by the names. An alert is
 * under its name and what it is told apart by, whoever evaluates it.
 */
export function factsOf({ manifests, identities, alerts, collectedFrom }: Synthesized): Facts {
  return new Map([
    ...manifests.flatMap((manifest) => leavesOf(`${objectOf(manifest)} `, manifest)).map(collectorNamed(collectedFrom)),
    ...identities.map((identity) => [`identity ${identity}`, 'has rights at the cloud'] as const),
    ...alerts.map(withBareJob).flatMap((alert) => leavesOf(`${alertOf(alert)} `, alert)),
    ['collectors .namespace', collectedFrom],
  ]);
}

const objectOf = ({ kind, metadata: { namespace, name } }: Manifest): string =>
  [kind, ...(namespace === undefined ? [] : [namespace]), name].join('/');

const alertOf = ({ name, labels }: PlatformAlert): string => ['alert', name, ...Object.values(labels)].join('/');

/** Who may collect is a permission everywhere; where collectors run is told once, and not by every rule that lets them in. */
const collectorNamed =
  (namespace: string) =>
  ([path, value]: Leaf): Leaf =>
    /^NetworkPolicy\/.*namespaceSelector\.matchLabels\./.test(path) && value === JSON.stringify(namespace)
      ? [path, 'the collectors']
      : [path, value];

/** The operator's Prometheus puts the namespace before the name of a job, and nobody else does. */
function withBareJob({ labels, expr, ...alert }: PlatformAlert): PlatformAlert {
  const { job } = labels;
  if (job === undefined) return { ...alert, labels, expr };
  const bare = job.slice(job.indexOf('/') + 1);
  return { ...alert, labels: { ...labels, job: bare }, expr: expr.replaceAll(`job="${job}"`, `job="${bare}"`) };
}

type Leaf = readonly [path: string, value: string];

function leavesOf(path: string, value: unknown): readonly Leaf[] {
  if (typeof value !== 'object' || value === null) return [[path, JSON.stringify(value)]];
  const entries = Array.isArray(value)
    ? value.map((inner, index) => [`[${keyIn(value, inner, index)}]`, inner] as const)
    : Object.entries(value).map(([key, inner]) => [`.${key}`, inner] as const);
  return entries.length === 0 ? [[path, '{}']] : entries.flatMap(([key, inner]) => leavesOf(`${path}${key}`, inner));
}

/** Its name, or its type where no other is of it: what one target leaves out does not move the others. */
function keyIn(all: readonly Keyed[], inner: Keyed, index: number): string | number {
  const { name, type } = inner ?? {};
  const alone = type !== undefined && all.filter((each) => each?.type === type).length === 1;
  return name ?? (alone ? type : index);
}

type Keyed = { readonly name?: string; readonly type?: string } | null;

/** What every target has to say in the same words: nothing of it may be in the table of differences. */
export const PROMISED = {
  queues: /^(Stream|Consumer)\/\S+ \.spec/,
  workloads: /^(Deployment|StatefulSet|Job|CronJob)\/\S+ \.(apiVersion|kind)/,
  'replica bounds': /^(ScaledObject\/\S+ \.spec\.(min|max)ReplicaCount|(Deployment|StatefulSet)\/\S+ \.spec\.replicas)/,
  grace: /\.terminationGracePeriodSeconds|\.lifecycle\./,
  thresholds:
    /^(ScaledObject\/\S+ \.spec\.triggers\[(?!prometheus\]\.(metadata\.serverAddress|authenticationRef))|alert\/(?!PenstockPodsUnschedulable))/,
  permissions: /^(NetworkPolicy\/\S+(?<!-traces) \.spec|ServiceAccount\/\S+ \.automount|(Cluster)?Role(Binding)?\/)/,
  profiles: /\[PENSTOCK_PROFILE\]\.value/,
} as const satisfies Readonly<Record<string, RegExp>>;
