import type { Finding } from '../policy.ts';
import type { CloudPolicy } from './policy.ts';
import { type CloudResource, SUPPRESSION } from './resource.ts';
import { gkeEncrypted } from './rules/gke-encrypted.ts';
import { gkeKept } from './rules/gke-kept.ts';
import { gkeLegacyOff } from './rules/gke-legacy-off.ts';
import { gkeNetwork } from './rules/gke-network.ts';
import { gkeNodeAccount } from './rules/gke-node-account.ts';
import { gkeObserved } from './rules/gke-observed.ts';
import { gkePrivate } from './rules/gke-private.ts';
import { gkeShielded } from './rules/gke-shielded.ts';
import { gkeUpgraded } from './rules/gke-upgraded.ts';
import { gkeWorkloadIdentity } from './rules/gke-workload-identity.ts';
import { inferenceAlerted } from './rules/inference-alerted.ts';
import { projectRoleLeast } from './rules/project-role-least.ts';
import { subnetFlowLogs } from './rules/subnet-flow-logs.ts';

export type { CloudPolicy } from './policy.ts';
export type { CloudResource } from './resource.ts';

export const GCP_POLICIES: readonly CloudPolicy[] = [
  gkePrivate,
  gkeWorkloadIdentity,
  gkeNetwork,
  subnetFlowLogs,
  gkeUpgraded,
  gkeShielded,
  gkeEncrypted,
  gkeNodeAccount,
  projectRoleLeast,
  gkeLegacyOff,
  gkeObserved,
  gkeKept,
  inferenceAlerted,
];

interface Suppression {
  readonly policy: string;
  readonly resource: string;
  readonly reason: string;
}

/** Holds every requested resource against every policy, and every suppression against what it suppresses. */
export function checkRequested(resources: readonly CloudResource[]): readonly Finding[] {
  const suppressions = resources
    .filter(({ type }) => type === SUPPRESSION)
    .map(({ inputs }) => inputs as unknown as Suppression);
  const broken = resources.flatMap((resource) =>
    GCP_POLICIES.flatMap(({ id, reason, check }) =>
      check(resource, resources).map((message) => ({ policy: id, object: objectOf(resource), message, reason })),
    ),
  );
  const covers = ({ policy, resource }: Suppression, finding: Finding): boolean =>
    finding.policy === policy && finding.object === resource;
  return [
    ...broken.filter((finding) => !suppressions.some((each) => covers(each, finding) && each.reason.trim() !== '')),
    ...suppressions.flatMap((each) => {
      const unneeded = !broken.some((finding) => covers(each, finding));
      const message = GCP_POLICIES.every(({ id }) => id !== each.policy)
        ? 'suppresses a policy that is none'
        : unneeded && 'is suppressed and holds: remove the suppression';
      const reason = 'a suppression is an exception somebody has to be able to judge';
      return message === false ? [] : [{ policy: each.policy, object: each.resource, message, reason }];
    }),
  ];
}

/** `Cluster/mailroom`. */
const objectOf = ({ type, name }: CloudResource): string => `${type.slice(type.lastIndexOf(':') + 1)}/${name}`;
