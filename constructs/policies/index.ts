import { suppressionOf, suppressionsIn } from '../suppression.ts';
import type { Manifest } from './manifest.ts';
import type { Finding, Policy } from './policy.ts';
import { alertRoutable } from './rules/alert-routable.ts';
import { bucketVolumeLeast } from './rules/bucket-volume-least.ts';
import { consumerDeadLetters } from './rules/consumer-dead-letters.ts';
import { consumerLeases } from './rules/consumer-leases.ts';
import { disruptionBudget } from './rules/disruption-budget.ts';
import { endpointDrained } from './rules/endpoint-drained.ts';
import { gpuConsolidation } from './rules/gpu-consolidation.ts';
import { gpuLocalDisk } from './rules/gpu-local-disk.ts';
import { gpuPlaced } from './rules/gpu-placed.ts';
import { gpuQuotaOwned } from './rules/gpu-quota-owned.ts';
import { gpuTaint } from './rules/gpu-taint.ts';
import { graceCoversWork } from './rules/grace-covers-work.ts';
import { groupWhole } from './rules/group-whole.ts';
import { imageImmutable } from './rules/image-immutable.ts';
import { inferenceMonitored } from './rules/inference-monitored.ts';
import { inferenceScaling } from './rules/inference-scaling.ts';
import { jobBounds } from './rules/job-bounds.ts';
import { jobRemoved } from './rules/job-removed.ts';
import { kafkaAccess } from './rules/kafka-access.ts';
import { kafkaDeadLetters } from './rules/kafka-dead-letters.ts';
import { kafkaDrained } from './rules/kafka-drained.ts';
import { kafkaPlacement } from './rules/kafka-placement.ts';
import { kafkaPods } from './rules/kafka-pods.ts';
import { kafkaQuorum } from './rules/kafka-quorum.ts';
import { kafkaReplication } from './rules/kafka-replication.ts';
import { kafkaSpread } from './rules/kafka-spread.ts';
import { kafkaTopicDurable } from './rules/kafka-topic-durable.ts';
import { kafkaTriggerOffsets } from './rules/kafka-trigger-offsets.ts';
import { kafkaTriggerPartitions } from './rules/kafka-trigger-partitions.ts';
import { kafkaUserLeast } from './rules/kafka-user-least.ts';
import { kafkaVersionStated } from './rules/kafka-version-stated.ts';
import { namespaceDefaultDeny } from './rules/namespace-default-deny.ts';
import { namespaceOwn } from './rules/namespace-own.ts';
import { namespacePodSecurity } from './rules/namespace-pod-security.ts';
import { namespaceQuota } from './rules/namespace-quota.ts';
import { natsAccess } from './rules/nats-access.ts';
import { natsCertificateRenewed } from './rules/nats-certificate-renewed.ts';
import { natsQuorum } from './rules/nats-quorum.ts';
import { natsStorage } from './rules/nats-storage.ts';
import { networkFlowNarrow } from './rules/network-flow-narrow.ts';
import { nodeHardened } from './rules/node-hardened.ts';
import { nodeImagePinned } from './rules/node-image-pinned.ts';
import { nodeLifetime } from './rules/node-lifetime.ts';
import { nodepoolLimits } from './rules/nodepool-limits.ts';
import { podHostIsolation } from './rules/pod-host-isolation.ts';
import { podSecurityRestricted } from './rules/pod-security-restricted.ts';
import { postgresAccess } from './rules/postgres-access.ts';
import { postgresBackedUp } from './rules/postgres-backed-up.ts';
import { postgresLimits } from './rules/postgres-limits.ts';
import { postgresPooler } from './rules/postgres-pooler.ts';
import { postgresReplicated } from './rules/postgres-replicated.ts';
import { probesDistinct } from './rules/probes-distinct.ts';
import { probesExplicit } from './rules/probes-explicit.ts';
import { processUser } from './rules/process-user.ts';
import { progressStated } from './rules/progress-stated.ts';
import { queueMatchesProfile } from './rules/queue-matches-profile.ts';
import { rabbitmqAccess } from './rules/rabbitmq-access.ts';
import { rabbitmqDurable } from './rules/rabbitmq-durable.ts';
import { rabbitmqLimits } from './rules/rabbitmq-limits.ts';
import { rabbitmqQuorum } from './rules/rabbitmq-quorum.ts';
import { rbacLeast } from './rules/rbac-least.ts';
import { readOnlyRoot } from './rules/read-only-root.ts';
import { replicasOneOwner } from './rules/replicas-one-owner.ts';
import { replicasSpread } from './rules/replicas-spread.ts';
import { resourcesStated } from './rules/resources-stated.ts';
import { rolloutStated } from './rules/rollout-stated.ts';
import { scaledJobKept } from './rules/scaled-job-kept.ts';
import { scalerAuthModes } from './rules/scaler-auth-modes.ts';
import { scalerCountsInFlight } from './rules/scaler-counts-in-flight.ts';
import { scalerCredentials } from './rules/scaler-credentials.ts';
import { scalerExplicit } from './rules/scaler-explicit.ts';
import { scalerOutlastsStart } from './rules/scaler-outlasts-start.ts';
import { scalerSeesAbsence } from './rules/scaler-sees-absence.ts';
import { scalerSeesLeader } from './rules/scaler-sees-leader.ts';
import { scalerSleeps } from './rules/scaler-sleeps.ts';
import { scheduleZoned } from './rules/schedule-zoned.ts';
import { scratchBounded } from './rules/scratch-bounded.ts';
import { secretsAsFiles } from './rules/secrets-as-files.ts';
import { selectsOwnPods } from './rules/selects-own-pods.ts';
import { serviceAccountOwn } from './rules/service-account-own.ts';
import { serviceAccountToken } from './rules/service-account-token.ts';
import { sharedMemory } from './rules/shared-memory.ts';
import { spotDiverse } from './rules/spot-diverse.ts';
import { statefulSetNamed } from './rules/stateful-set-named.ts';
import { streamAged } from './rules/stream-aged.ts';
import { streamDurable } from './rules/stream-durable.ts';
import { streamKept } from './rules/stream-kept.ts';
import { streamReplicated } from './rules/stream-replicated.ts';
import { traceCollectorBounded } from './rules/trace-collector-bounded.ts';
import { valkeyAccess } from './rules/valkey-access.ts';
import { valkeyBounded } from './rules/valkey-bounded.ts';
import { volumeOneNode } from './rules/volume-one-node.ts';
import { weightsPinned } from './rules/weights-pinned.ts';

export type { Manifest } from './manifest.ts';
export type { Finding, Policy } from './policy.ts';

export const POLICIES: readonly Policy[] = [
  namespacePodSecurity,
  namespaceDefaultDeny,
  networkFlowNarrow,
  namespaceQuota,
  namespaceOwn,
  podSecurityRestricted,
  podHostIsolation,
  processUser,
  readOnlyRoot,
  serviceAccountOwn,
  serviceAccountToken,
  secretsAsFiles,
  imageImmutable,
  rbacLeast,
  resourcesStated,
  scratchBounded,
  sharedMemory,
  weightsPinned,
  probesDistinct,
  probesExplicit,
  selectsOwnPods,
  statefulSetNamed,
  replicasSpread,
  volumeOneNode,
  rolloutStated,
  disruptionBudget,
  replicasOneOwner,
  graceCoversWork,
  endpointDrained,
  jobBounds,
  jobRemoved,
  scheduleZoned,
  scaledJobKept,
  scalerExplicit,
  scalerOutlastsStart,
  scalerCredentials,
  scalerSeesAbsence,
  scalerSeesLeader,
  scalerSleeps,
  scalerCountsInFlight,
  scalerAuthModes,
  kafkaTriggerPartitions,
  kafkaTriggerOffsets,
  inferenceScaling,
  progressStated,
  groupWhole,
  bucketVolumeLeast,
  inferenceMonitored,
  alertRoutable,
  nodepoolLimits,
  nodeImagePinned,
  nodeHardened,
  gpuTaint,
  gpuPlaced,
  gpuQuotaOwned,
  gpuConsolidation,
  gpuLocalDisk,
  spotDiverse,
  nodeLifetime,
  kafkaQuorum,
  kafkaVersionStated,
  kafkaReplication,
  kafkaPlacement,
  kafkaSpread,
  kafkaPods,
  kafkaDrained,
  kafkaAccess,
  kafkaUserLeast,
  kafkaTopicDurable,
  kafkaDeadLetters,
  natsAccess,
  natsCertificateRenewed,
  natsQuorum,
  natsStorage,
  streamDurable,
  streamAged,
  streamReplicated,
  streamKept,
  consumerLeases,
  consumerDeadLetters,
  queueMatchesProfile,
  rabbitmqQuorum,
  rabbitmqDurable,
  rabbitmqLimits,
  rabbitmqAccess,
  postgresReplicated,
  postgresBackedUp,
  postgresAccess,
  postgresLimits,
  postgresPooler,
  traceCollectorBounded,
  valkeyBounded,
  valkeyAccess,
];

/** Holds every object against every policy and reports all that is wrong, also with the suppressions themselves. */
export function checkManifests(manifests: readonly Manifest[]): readonly Finding[] {
  // Picked out once: with hundreds of workloads nobody looks through everything for each of them.
  const policies = POLICIES.map((policy) => ({
    ...policy,
    others: manifests.filter(({ kind }) => policy.reads?.includes(kind) === true),
  }));
  return manifests.flatMap((manifest) => {
    const suppressions = suppressionsIn(manifest.metadata.annotations);
    const object = nameOf(manifest);
    const findings = policies.flatMap(({ id, reason, check, others }) => {
      const messages = check(manifest, others);
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
