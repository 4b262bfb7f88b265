import { suppressionOf, suppressionsIn } from '../suppression.ts';
import type { Manifest } from './manifest.ts';
import type { Finding, Policy } from './policy.ts';
import { consumerLeases } from './rules/consumer-leases.ts';
import { disruptionBudget } from './rules/disruption-budget.ts';
import { graceCoversWork } from './rules/grace-covers-work.ts';
import { imageImmutable } from './rules/image-immutable.ts';
import { namespaceDefaultDeny } from './rules/namespace-default-deny.ts';
import { namespaceOwn } from './rules/namespace-own.ts';
import { namespacePodSecurity } from './rules/namespace-pod-security.ts';
import { namespaceQuota } from './rules/namespace-quota.ts';
import { podHostIsolation } from './rules/pod-host-isolation.ts';
import { podSecurityRestricted } from './rules/pod-security-restricted.ts';
import { probesDistinct } from './rules/probes-distinct.ts';
import { rbacLeast } from './rules/rbac-least.ts';
import { readOnlyRoot } from './rules/read-only-root.ts';
import { replicasOneOwner } from './rules/replicas-one-owner.ts';
import { replicasSpread } from './rules/replicas-spread.ts';
import { resourcesStated } from './rules/resources-stated.ts';
import { scalerCredentials } from './rules/scaler-credentials.ts';
import { scalerExplicit } from './rules/scaler-explicit.ts';
import { scalerSeesLeader } from './rules/scaler-sees-leader.ts';
import { secretsAsFiles } from './rules/secrets-as-files.ts';
import { serviceAccountOwn } from './rules/service-account-own.ts';
import { streamDurable } from './rules/stream-durable.ts';

export type { Manifest } from './manifest.ts';
export type { Finding, Policy } from './policy.ts';

export const POLICIES: readonly Policy[] = [
  namespacePodSecurity,
  namespaceDefaultDeny,
  namespaceQuota,
  namespaceOwn,
  podSecurityRestricted,
  podHostIsolation,
  readOnlyRoot,
  serviceAccountOwn,
  secretsAsFiles,
  imageImmutable,
  rbacLeast,
  resourcesStated,
  probesDistinct,
  replicasSpread,
  disruptionBudget,
  replicasOneOwner,
  graceCoversWork,
  scalerExplicit,
  scalerCredentials,
  scalerSeesLeader,
  streamDurable,
  consumerLeases,
];

/** Holds every object against every policy and reports all that is wrong, also with the suppressions themselves. */
export function checkManifests(manifests: readonly Manifest[]): readonly Finding[] {
  return manifests.flatMap((manifest) => {
    const suppressions = suppressionsIn(manifest.metadata.annotations);
    const object = nameOf(manifest);
    const findings = POLICIES.flatMap(({ id, reason, check }) => {
      const messages = check(manifest, manifests);
      const why = suppressions.get(id);
      if (why === undefined) return messages.map((message) => ({ policy: id, object, message, reason }));
      if (messages.length > 0 && why.trim() !== '') return [];
      const message =
        messages.length === 0 ? 'is suppressed and holds: remove the suppression' : 'is suppressed without a reason';
      return [
        { policy: id, object, message, reason: 'a suppression is an exception somebody has to be able to judge' },
      ];
    });
    const unknown = [...suppressions.keys()].filter((id) => !POLICIES.some((policy) => policy.id === id));
    return [
      ...findings,
      ...unknown.map((policy) => ({
        policy,
        object,
        message: `${suppressionOf(policy)} names no policy`,
        reason: 'it suppresses nothing, and its author thinks it does',
      })),
    ];
  });
}

/** One block a finding, for people. */
export function formatFindings(findings: readonly Finding[]): string {
  const heading = `${findings.length} ${findings.length === 1 ? 'finding' : 'findings'}`;
  return [
    heading,
    ...findings.map(
      ({ policy, object, message, reason }) => `  ${object}  [${policy}]\n    ${message}\n    because ${reason}`,
    ),
  ].join('\n\n');
}

const nameOf = ({ kind, metadata }: Manifest): string =>
  metadata.namespace === undefined ? `${kind}/${metadata.name}` : `${kind}/${metadata.namespace}/${metadata.name}`;
