import type { Topology } from '@penstock/model';
import type { Stack } from 'aws-cdk-lib';
import { type AddonName, addonNamed, addonsFor, type NeededAddon } from '../../charts/addons.ts';
import { type HelmSettings, helmValues } from '../../charts/helm-values.ts';
import type { HelmRelease } from '../../constructs/aws/helm-releases.ts';
import { PublishedBindings } from '../../constructs/aws/published-bindings.ts';
import { ConstructError } from '../../constructs/errors.ts';
import type { Manifest } from '../../constructs/policies/index.ts';
import type { AwsEnvironment } from '../environments/aws-environment.ts';
import { CLUSTER_ADDRESSES, growsGroups } from './cluster-stack.ts';
import { prometheusValues } from './prometheus-in-cluster.ts';
import { addressPrefix, environmentName } from './stack-of.ts';

/**
 * The operators that some objects need, as releases of their charts, each after those it needs itself.
 *
 * @throws {ConstructError} `reference-missing` for one that has no chart and is not said to be there
 */
export function operatorsFor(
  stack: Stack,
  topology: Topology,
  environment: AwsEnvironment,
  manifests: readonly Manifest[],
): readonly HelmRelease[] {
  const present: readonly AddonName[] = environment.workloads.present ?? [];
  // First, so that what comes after it finds machines.
  const machines = growsGroups(topology, environment) ? [addonNamed('cluster-autoscaler')] : [];
  return [...machines, ...addonsFor(manifests)]
    .filter(({ name }) => !present.includes(name))
    .map((addon) => releaseOf(addon, settingsOf(addon.name, stack, topology, environment)));
}

function releaseOf({ name, namespace = name, version, source }: NeededAddon, settings: HelmSettings): HelmRelease {
  if (source.kind === 'manifest')
    throw new ConstructError(
      'reference-missing',
      `add-on ${name}`,
      `has no chart, expected it in workloads.present once somebody applied ${source.url}`,
    );
  const { repository, chart, values = {} } = source;
  return { name, namespace, version, repository, chart, values: helmValues({ ...values, ...settings }) };
}

/** What an operator has to know of this environment, by its path in the values of its chart. */
function settingsOf(name: AddonName, stack: Stack, topology: Topology, environment: AwsEnvironment): HelmSettings {
  if (name === 'karpenter') return karpenter(stack, topology, environment);
  if (name === 'cluster-autoscaler')
    return { awsRegion: stack.region, 'autoDiscovery.clusterName': environmentName(topology, environment) };
  return name === 'kube-prometheus-stack' && environment.observability !== undefined
    ? prometheusValues(stack, topology, environment)
    : {};
}

/** By which Karpenter finds its cluster, and hears what happens to its machines. */
const karpenter = (stack: Stack, topology: Topology, environment: AwsEnvironment): HelmSettings => ({
  'settings.clusterName': environmentName(topology, environment),
  'settings.interruptionQueue': PublishedBindings.read(
    stack,
    addressPrefix(topology, environment),
    CLUSTER_ADDRESSES.interruptionQueue,
  ).lower(),
});
