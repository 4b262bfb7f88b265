import { describe, expect, test } from '@jest/globals';
import { checkManifests, type Manifest } from '../../../constructs/policies/index.ts';
import { environments } from '../../../stacks/environments/index.ts';
import { synthesizeKubernetes } from '../../../stacks/kubernetes/synthesize.ts';
import { platform } from '../../../stacks/platform.ts';
import { apiWithJobs } from '../../examples/api-with-jobs.ts';
import { manifestsOf } from '../../examples/index.ts';
import { FSYNC, kafkaPlatform } from '../../helpers/kafka.ts';
import type { CaseSet } from './cases/case.ts';
import { gpuNodeCases } from './cases/gpu-nodes.ts';
import { SETS } from './cases/sets.ts';
import { isLeaf, type Json, mutantOf, type Place, placesOf } from './mutant.ts';
import { NOT_SAFETY } from './not-safety.ts';

// The policies are judged here: whatever is taken out of what production, a Kafka cluster and an API with its jobs emit,
// one of them has to miss it.

const prod = synthesizeKubernetes(platform, environments.prod);
const jobs = manifestsOf(apiWithJobs());

/** What the policies say when one place of one object is changed. */
const findingsOf = (place: Place, to?: Json): readonly string[] =>
  checkManifests(mutantOf(place, to)).map(({ policy }) => policy);

const places = [prod, jobs, kafkaPlatform('tls', FSYNC).manifests, gpuNodeCases.compliant].flatMap(placesOf);

const POD = 'spec/template/spec';
const CONTAINER = `${POD}/containers/*`;
const LABEL = 'pod-security.kubernetes.io';
const TRIGGER = 'spec/triggers/*/metadata';

/** What a run needs, below a Job or the template of one. */
const runFields = (job: string): readonly string[] => {
  const pod = `${job}/template/spec`;
  const container = `${pod}/containers/*`;
  return [
    `${job}/backoffLimit`,
    `${job}/activeDeadlineSeconds`,
    `${pod}/serviceAccountName`,
    `${pod}/terminationGracePeriodSeconds`,
    `${pod}/automountServiceAccountToken`,
    `${pod}/securityContext`,
    `${pod}/securityContext/runAsNonRoot`,
    `${pod}/securityContext/runAsUser`,
    `${pod}/securityContext/seccompProfile/type`,
    `${pod}/volumes/*/emptyDir/sizeLimit`,
    `${container}/image`,
    `${container}/securityContext`,
    `${container}/securityContext/allowPrivilegeEscalation`,
    `${container}/securityContext/readOnlyRootFilesystem`,
    `${container}/securityContext/capabilities/drop/*`,
    `${container}/resources/requests/cpu`,
    `${container}/resources/requests/memory`,
    `${container}/resources/limits/memory`,
    `${container}/resources/limits/ephemeral-storage`,
  ];
};

/** What keeps a platform safe, as a person would list it. Whole blocks as well as their fields. */
const SAFETY: Readonly<Record<string, readonly string[]>> = {
  Namespace: [`metadata/labels/${LABEL}/enforce`, `metadata/labels/${LABEL}/audit`, `metadata/labels/${LABEL}/warn`],
  ResourceQuota: ['spec/hard', 'spec/hard/pods', 'spec/hard/requests.cpu', 'spec/hard/limits.memory'],
  LimitRange: ['spec/limits', 'spec/limits/*/default', 'spec/limits/*/defaultRequest', 'spec/limits/*/max'],
  NetworkPolicy: [
    'spec/policyTypes',
    'spec/podSelector/matchLabels',
    'spec/ingress/*/from',
    'spec/ingress/*/ports',
    'spec/ingress/*/ports/*/port',
    'spec/egress/*/to',
    'spec/egress/*/ports',
    'spec/egress/*/ports/*/port',
  ],
  ServiceAccount: ['automountServiceAccountToken'],
  Deployment: [
    'spec/strategy/rollingUpdate',
    'spec/strategy/rollingUpdate/maxSurge',
    'spec/strategy/rollingUpdate/maxUnavailable',
    `${POD}/serviceAccountName`,
    `${POD}/automountServiceAccountToken`,
    `${POD}/terminationGracePeriodSeconds`,
    `${POD}/securityContext`,
    `${POD}/securityContext/runAsNonRoot`,
    `${POD}/securityContext/runAsUser`,
    `${POD}/securityContext/runAsGroup`,
    `${POD}/securityContext/seccompProfile`,
    `${POD}/securityContext/seccompProfile/type`,
    `${POD}/affinity`,
    `${POD}/topologySpreadConstraints`,
    `${POD}/topologySpreadConstraints/*/topologyKey`,
    `${POD}/topologySpreadConstraints/*/maxSkew`,
    `${POD}/topologySpreadConstraints/*/labelSelector`,
    `${POD}/volumes/*/emptyDir/sizeLimit`,
    `${CONTAINER}/image`,
    `${CONTAINER}/securityContext`,
    `${CONTAINER}/securityContext/allowPrivilegeEscalation`,
    `${CONTAINER}/securityContext/readOnlyRootFilesystem`,
    `${CONTAINER}/securityContext/capabilities`,
    `${CONTAINER}/securityContext/capabilities/drop/*`,
    `${CONTAINER}/resources`,
    `${CONTAINER}/resources/requests/cpu`,
    `${CONTAINER}/resources/requests/memory`,
    `${CONTAINER}/resources/requests/ephemeral-storage`,
    `${CONTAINER}/resources/limits/memory`,
    `${CONTAINER}/resources/limits/ephemeral-storage`,
    ...['startupProbe', 'readinessProbe', 'livenessProbe'].flatMap((probe) => [
      `${CONTAINER}/${probe}/httpGet`,
      `${CONTAINER}/${probe}/httpGet/path`,
      `${CONTAINER}/${probe}/periodSeconds`,
      `${CONTAINER}/${probe}/timeoutSeconds`,
      `${CONTAINER}/${probe}/failureThreshold`,
    ]),
    `${CONTAINER}/startupProbe`,
    `${CONTAINER}/readinessProbe`,
    `${CONTAINER}/lifecycle`,
    `${CONTAINER}/lifecycle/preStop/sleep/seconds`,
  ],
  PodDisruptionBudget: [
    'spec/maxUnavailable',
    'spec/unhealthyPodEvictionPolicy',
    'spec/selector',
    'spec/selector/matchLabels/app.kubernetes.io/name',
  ],
  ScaledObject: [
    'spec/minReplicaCount',
    'spec/maxReplicaCount',
    'spec/fallback',
    'spec/fallback/failureThreshold',
    'spec/fallback/replicas',
    'spec/fallback/behavior',
    'spec/advanced/horizontalPodAutoscalerConfig/behavior/scaleDown/stabilizationWindowSeconds',
    ...['natsServerMonitoringEndpoint', 'account', 'stream', 'consumer', 'lagThreshold'].map(
      (it) => `${TRIGGER}/${it}`,
    ),
  ],
  Stream: [
    'spec/storage',
    'spec/replicas',
    'spec/maxBytes',
    'spec/maxAge',
    'spec/discard',
    'spec/duplicateWindow',
    'spec/preventDelete',
    'spec/subjects',
  ],
  Consumer: [
    'spec/ackPolicy',
    'spec/ackWait',
    'spec/maxDeliver',
    'spec/maxAckPending',
    'spec/durableName',
    'spec/streamName',
    'spec/filterSubject',
    'spec/preventDelete',
  ],
  Kafka: [
    'spec/kafka/version',
    'spec/kafka/metadataVersion',
    'spec/kafka/rack',
    'spec/kafka/rack/topologyKey',
    'spec/kafka/listeners',
    'spec/kafka/listeners/*/tls',
    'spec/kafka/listeners/*/authentication',
    'spec/kafka/listeners/*/networkPolicyPeers',
    'spec/kafka/authorization',
    ...[
      'default.replication.factor',
      'min.insync.replicas',
      'offsets.topic.replication.factor',
      'transaction.state.log.replication.factor',
      'transaction.state.log.min.isr',
      'auto.create.topics.enable',
      'log.flush.interval.messages',
    ].map((key) => `spec/kafka/config/${key}`),
    'spec/kafka/template/podDisruptionBudget',
    'spec/entityOperator/topicOperator/resources',
    'spec/entityOperator/userOperator/resources',
    'spec/entityOperator/template/pod/securityContext',
    'spec/entityOperator/template/topicOperatorContainer/securityContext',
    'spec/entityOperator/template/userOperatorContainer/securityContext',
    'spec/kafkaExporter/resources',
    'spec/kafkaExporter/template/pod/securityContext',
    'spec/kafkaExporter/template/container/securityContext',
  ],
  KafkaNodePool: [
    'metadata/labels/strimzi.io/cluster',
    'spec/replicas',
    'spec/roles',
    'spec/storage/volumes',
    'spec/storage/volumes/*/type',
    'spec/resources',
    'spec/resources/requests/cpu',
    'spec/resources/requests/memory',
    'spec/resources/limits/memory',
    'spec/resources/limits/ephemeral-storage',
    'spec/jvmOptions',
    'spec/jvmOptions/-Xms',
    'spec/jvmOptions/-Xmx',
    'spec/template/pod/securityContext',
    'spec/template/pod/securityContext/runAsNonRoot',
    'spec/template/pod/securityContext/seccompProfile',
    'spec/template/pod/affinity',
    'spec/template/pod/topologySpreadConstraints',
    'spec/template/pod/terminationGracePeriodSeconds',
    'spec/template/kafkaContainer/securityContext/readOnlyRootFilesystem',
    'spec/template/kafkaContainer/securityContext/capabilities',
    'spec/template/initContainer',
  ],
  Job: runFields('spec'),
  CronJob: [
    ...runFields('spec/jobTemplate/spec'),
    'spec/jobTemplate/spec/ttlSecondsAfterFinished',
    'spec/timeZone',
    'spec/concurrencyPolicy',
    'spec/startingDeadlineSeconds',
  ],
  HorizontalPodAutoscaler: [
    'spec/minReplicas',
    'spec/metrics',
    'spec/scaleTargetRef/name',
    'spec/behavior/scaleDown/stabilizationWindowSeconds',
  ],
  KafkaTopic: [
    'metadata/labels/strimzi.io/cluster',
    'spec/partitions',
    'spec/replicas',
    'spec/config',
    'spec/config/min.insync.replicas',
    'spec/config/retention.ms',
  ],
  KafkaUser: [
    'metadata/labels/strimzi.io/cluster',
    'spec/authentication',
    'spec/authorization',
    'spec/authorization/acls',
    'spec/authorization/acls/*/resource/name',
  ],
  NodePool: [
    'spec/limits',
    'spec/limits/cpu',
    'spec/limits/nvidia.com/gpu',
    'spec/disruption/consolidationPolicy',
    'spec/disruption/budgets',
    ...['expireAfter', 'terminationGracePeriod', 'taints', 'taints/*', 'taints/*/key', 'taints/*/effect'].map(
      (it) => `spec/template/spec/${it}`,
    ),
  ],
  EC2NodeClass: [
    'spec/amiSelectorTerms',
    'spec/amiSelectorTerms/*/alias',
    'spec/metadataOptions',
    'spec/metadataOptions/httpTokens',
    'spec/metadataOptions/httpPutResponseHopLimit',
    'spec/blockDeviceMappings',
    'spec/blockDeviceMappings/*/ebs/encrypted',
    'spec/instanceStorePolicy',
  ],
  ResourceFlavor: ['spec/nodeLabels', 'spec/nodeTaints'],
  ClusterQueue: ['spec/namespaceSelector', 'spec/namespaceSelector/matchLabels'],
};

/** The same places with a value that somebody might well write there. */
const VALUES: readonly (readonly [field: string, to: Json])[] = [
  [`Namespace metadata/labels/${LABEL}/enforce`, 'baseline'],
  [`Namespace metadata/labels/${LABEL}/enforce`, 'privileged'],
  ['ServiceAccount automountServiceAccountToken', true],
  [`Deployment ${POD}/automountServiceAccountToken`, true],
  [`Deployment ${POD}/serviceAccountName`, 'default'],
  [`Deployment ${POD}/hostNetwork`, true],
  [`Deployment ${POD}/hostPID`, true],
  [`Deployment ${POD}/securityContext/runAsNonRoot`, false],
  [`Deployment ${POD}/securityContext/runAsUser`, 0],
  [`Deployment ${POD}/securityContext/seccompProfile/type`, 'Unconfined'],
  [`Deployment ${POD}/terminationGracePeriodSeconds`, 1],
  [`Deployment ${CONTAINER}/securityContext/allowPrivilegeEscalation`, true],
  [`Deployment ${CONTAINER}/securityContext/readOnlyRootFilesystem`, false],
  [`Deployment ${CONTAINER}/securityContext/privileged`, true],
  [`Deployment ${CONTAINER}/securityContext/capabilities/drop/*`, 'NET_RAW'],
  [`Deployment ${CONTAINER}/image`, 'registry.example.com/penstock/mail-classifier:latest'],
  [`Deployment ${CONTAINER}/resources/limits/memory`, '64Gi'],
  [`Deployment ${CONTAINER}/livenessProbe/httpGet/path`, '/readyz'],
  [`Deployment ${CONTAINER}/startupProbe/failureThreshold`, 1_000],
  [`Deployment ${POD}/topologySpreadConstraints/*/maxSkew`, 3],
  [`Deployment ${POD}/topologySpreadConstraints/*/topologyKey`, 'kubernetes.io/hostname'],
  ['PodDisruptionBudget spec/maxUnavailable', 0],
  ['PodDisruptionBudget spec/unhealthyPodEvictionPolicy', 'IfHealthyBudget'],
  ['ScaledObject spec/advanced/horizontalPodAutoscalerConfig/behavior/scaleDown/stabilizationWindowSeconds', 1],
  ['ScaledObject spec/fallback/behavior', 'static'],
  ['ScaledObject spec/fallback/replicas', 1_000],
  ['ScaledObject spec/maxReplicaCount', 1_000],
  [`ScaledObject ${TRIGGER}/natsServerMonitoringEndpoint`, 'nats.nats.svc.cluster.local:8222'],
  ['Stream spec/storage', 'memory'],
  ['Stream spec/replicas', 1],
  ['Stream spec/replicas', 2],
  ['Stream spec/maxBytes', -1],
  ['Stream spec/duplicateWindow', '1s'],
  ['Stream spec/preventDelete', false],
  ['Consumer spec/ackPolicy', 'none'],
  ['Consumer spec/ackWait', '1s'],
  ['Consumer spec/maxDeliver', -1],
  ['Consumer spec/maxDeliver', 1],
  ['Consumer spec/maxAckPending', -1],
  ['Consumer spec/maxAckPending', 1],
  ['Kafka spec/kafka/listeners/*/tls', false],
  ['Kafka spec/kafka/listeners/*/networkPolicyPeers', []],
  ['Kafka spec/kafka/config/min.insync.replicas', 1],
  ['Kafka spec/kafka/config/min.insync.replicas', 3],
  ['Kafka spec/kafka/config/auto.create.topics.enable', true],
  ['Kafka spec/kafka/config/unclean.leader.election.enable', true],
  ['Kafka spec/kafka/template/podDisruptionBudget/maxUnavailable', 1],
  ['KafkaNodePool spec/replicas', 2],
  ['KafkaNodePool spec/storage/volumes/*/type', 'ephemeral'],
  ['KafkaNodePool spec/storage/volumes/*/deleteClaim', true],
  ['KafkaNodePool spec/jvmOptions/-Xmx', '8192m'],
  ['KafkaNodePool spec/template/pod/terminationGracePeriodSeconds', 30],
  ['KafkaTopic spec/replicas', 1],
  ['KafkaTopic spec/config/unclean.leader.election.enable', true],
  ['KafkaUser spec/authentication/type', 'scram-sha-512'],
  ['KafkaUser spec/authorization/acls/*/resource/name', '*'],
  ['KafkaUser spec/authorization/acls/*/operations', ['All']],
  ['Job spec/template/spec/automountServiceAccountToken', true],
  ['Job spec/template/spec/containers/*/image', 'registry.example.com/shop/order-schema:latest'],
  ['CronJob spec/startingDeadlineSeconds', 1],
  ['CronJob spec/schedule', 'TZ=Europe/Berlin 15 3 * * *'],
  ['CronJob spec/jobTemplate/spec/template/spec/terminationGracePeriodSeconds', 1],
  ['HorizontalPodAutoscaler spec/minReplicas', 1],
  ['HorizontalPodAutoscaler spec/scaleTargetRef/name', 'shop-ship'],
  ['HorizontalPodAutoscaler spec/behavior/scaleDown/stabilizationWindowSeconds', 1],
  ['NetworkPolicy spec/ingress/*/from', []],
  ['NetworkPolicy spec/egress/*/to', [{ namespaceSelector: {} }]],
  ['NetworkPolicy spec/podSelector/matchLabels', {}],
  ['NodePool spec/disruption/consolidationPolicy', 'WhenEmptyOrUnderutilized'],
  ['NodePool spec/disruption/budgets/*/nodes', '100%'],
  ['NodePool spec/template/spec/expireAfter', 'Never'],
  ['EC2NodeClass spec/amiSelectorTerms/*/alias', 'al2023@latest'],
  ['EC2NodeClass spec/metadataOptions/httpTokens', 'optional'],
  ['EC2NodeClass spec/metadataOptions/httpPutResponseHopLimit', 2],
  ['EC2NodeClass spec/blockDeviceMappings/*/ebs/encrypted', false],
  ['ClusterQueue spec/namespaceSelector', {}],
];

/** Where a value is held against a cold start, only a worker that is scaled has one. */
const ONLY_SCALED: readonly string[] = [`Deployment ${CONTAINER}/startupProbe/failureThreshold`];

const isScaled = ({ all, manifest }: Place): boolean =>
  all.some(
    ({ kind, metadata }) =>
      (kind === 'ScaledObject' || kind === 'HorizontalPodAutoscaler') && metadata.name === manifest.metadata.name,
  );

describe('of what production, a Kafka cluster and an API with its jobs emit', () => {
  test.each(Object.entries(SAFETY).flatMap(([kind, paths]) => paths.map((path) => `${kind} ${path}`)))(
    'no %s can be deleted unnoticed',
    (field) => {
      const found = places.filter((place) => place.field === field);
      expect(found).not.toEqual([]);
      const unnoticed = found.filter((place) => findingsOf(place).length === 0);
      expect(unnoticed.map(({ manifest }) => manifest.metadata.name)).toEqual([]);
    },
  );

  test.each(VALUES)('no %s can become %j unnoticed', (field, to) => {
    const parent = field.slice(0, field.lastIndexOf('/'));
    const step = field.slice(field.lastIndexOf('/') + 1);
    const exact = places.filter((place) => place.field === field);
    const found =
      exact.length > 0
        ? exact
        : places.filter((place) => place.field === parent).map((place) => ({ ...place, path: [...place.path, step] }));
    expect(found).not.toEqual([]);
    const unnoticed = found
      .filter((place) => !ONLY_SCALED.includes(field) || isScaled(place))
      .filter((place) => findingsOf(place, to).length === 0);
    expect(unnoticed.map(({ manifest }) => manifest.metadata.name)).toEqual([]);
  });
});

/** Fields that are gone without any policy saying a word. */
function survivorsOf(all: readonly Manifest[]): readonly string[] {
  const leaves = placesOf(all).filter(isLeaf);
  return [...new Set(leaves.filter((place) => findingsOf(place).length === 0).map(({ field }) => field))];
}

describe('every single field', () => {
  const sets: readonly Pick<CaseSet, 'name' | 'compliant'>[] = [
    { name: 'production', compliant: prod },
    { name: 'an API with its jobs', compliant: jobs },
    ...SETS,
  ];
  const survivors = sets.map(({ name, compliant }) => [name, survivorsOf(compliant)] as const);
  const isOnList = (field: string) => NOT_SAFETY.some(({ fields }) => fields.some((pattern) => pattern.test(field)));

  test.each(survivors)('of %s is missed by a policy, or on the list of fields that are not safety', (_name, fields) => {
    expect(fields.filter((field) => !isOnList(field))).toEqual([]);
  });

  test('on that list is still there, and missed by no policy', () => {
    const all = survivors.flatMap(([, fields]) => fields);
    const stale = NOT_SAFETY.flatMap(({ fields }) => fields).filter(
      (pattern) => !all.some((each) => pattern.test(each)),
    );
    expect(stale.map(String)).toEqual([]);
  });
});
