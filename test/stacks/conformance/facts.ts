import type { Manifest } from '../../../constructs/policies/index.ts';
import type { Synthesized } from './targets.ts';

/** Every single value, by the object it is of and its place in it. */
export type Facts = ReadonlyMap<string, string>;

/** An object under `<kind>/<namespace>/<name>`, its values under their paths; lists of named things by the names. */
export function factsOf({ manifests, identities }: Synthesized): Facts {
  return new Map([
    ...manifests.flatMap((manifest) => leavesOf(`${objectOf(manifest)} `, manifest)),
    ...identities.map((identity) => [`identity ${identity}`, 'has rights at the cloud'] as const),
  ]);
}

const objectOf = ({ kind, metadata: { namespace, name } }: Manifest): string =>
  [kind, ...(namespace === undefined ? [] : [namespace]), name].join('/');

function leavesOf(path: string, value: unknown): readonly (readonly [string, string])[] {
  if (typeof value !== 'object' || value === null) return [[path, JSON.stringify(value)]];
  const entries = Array.isArray(value)
    ? value.map((inner, index) => [`[${(inner as { readonly name?: string } | null)?.name ?? index}]`, inner] as const)
    : Object.entries(value).map(([key, inner]) => [`.${key}`, inner] as const);
  return entries.length === 0 ? [[path, '{}']] : entries.flatMap(([key, inner]) => leavesOf(`${path}${key}`, inner));
}

/** What every target has to say in the same words: nothing of it may be in the table of differences. */
export const PROMISED = {
  queues: /^(Stream|Consumer)\/\S+ \.spec/,
  workloads: /^(Deployment|StatefulSet|Job|CronJob)\/\S+ \.(apiVersion|kind)/,
  'replica bounds': /^(ScaledObject\/\S+ \.spec\.(min|max)ReplicaCount|(Deployment|StatefulSet)\/\S+ \.spec\.replicas)/,
  grace: /\.terminationGracePeriodSeconds|\.lifecycle\./,
  thresholds: /^(ScaledObject\/\S+ \.spec\.triggers|PrometheusRule\/\S+ \.spec)/,
  permissions: /^(NetworkPolicy\/\S+ \.spec|ServiceAccount\/\S+ \.automount|(Cluster)?Role(Binding)?\/)/,
  profiles: /\[PENSTOCK_PROFILE\]\.value/,
} as const satisfies Readonly<Record<string, RegExp>>;
