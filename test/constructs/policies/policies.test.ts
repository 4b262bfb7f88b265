import { describe, expect, test } from '@jest/globals';
import { checkManifests, formatFindings, POLICIES } from '../../../constructs/policies/index.ts';
import { suppressionOf } from '../../../constructs/suppression.ts';
import { environments } from '../../../stacks/environments/index.ts';
import { synthesizeKubernetes } from '../../../stacks/kubernetes/synthesize.ts';
import { platform } from '../../../stacks/platform.ts';
import { type Case, type CaseSet, casesOf, setting, withChange } from './cases/case.ts';
import { gpuCases } from './cases/gpu.ts';
import { jobCases } from './cases/jobs.ts';
import { kafkaCases } from './cases/kafka.ts';
import { natsCases } from './cases/nats.ts';

// What the platform emits is the compliant case of every policy. Each non-compliant case breaks one thing in it.

const compliant = synthesizeKubernetes(platform, environments.prod);

const NAMESPACE = ['Namespace', 'mailroom'] as const;
const ENGINE = ['Deployment', 'mailroom-embedder'] as const;
const WORKER = ['Deployment', 'mailroom-classify'] as const;
const SCALER = ['ScaledObject', 'mailroom-classify'] as const;
const STREAM = ['Stream', 'mailroom-mails'] as const;
const CONSUMER = ['Consumer', 'mailroom-mails-classify'] as const;
const BUDGET = ['PodDisruptionBudget', 'mailroom-embedder'] as const;
const DEAD = ['Stream', 'mailroom-mails-dead'] as const;
const FLOWS = ['NetworkPolicy', 'mailroom-classify'] as const;
const QUOTA = ['ResourceQuota', 'mailroom'] as const;
const RANGE = ['LimitRange', 'mailroom'] as const;
const POD = 'spec.template.spec';
const CONTAINER = `${POD}.containers.0`;
const TRIGGER = 'spec.triggers.0.metadata';

const { broken, without } = casesOf(compliant);

const role = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'Role',
  metadata: { name: 'all', namespace: 'mailroom' },
};

const CASES: readonly Case[] = [
  broken(
    'namespace-pod-security',
    'a namespace that admits baseline',
    NAMESPACE,
    'metadata.labels',
    { 'pod-security.kubernetes.io/enforce': 'baseline' },
    /enforce is baseline/,
  ),
  without(
    'namespace-default-deny',
    'a namespace open by default',
    ['NetworkPolicy', 'default-deny'],
    /no policy denies all egress/,
  ),
  without('namespace-default-deny', 'a namespace that cannot ask DNS', ['NetworkPolicy', 'allow-dns'], /DNS/),
  without('namespace-quota', 'a namespace without a quota', ['ResourceQuota', 'mailroom'], /no ResourceQuota/),
  without('namespace-quota', 'a namespace without limits', ['LimitRange', 'mailroom'], /no LimitRange/),
  broken(
    'namespace-own',
    'an object in default',
    ['ServiceAccount', 'mailroom-classify'],
    'metadata.namespace',
    'default',
    /lies in default/,
  ),
  broken(
    'namespace-own',
    'an object in no namespace',
    ['ServiceAccount', 'mailroom-classify'],
    'metadata.namespace',
    undefined,
    /states no namespace/,
  ),
  broken(
    'pod-security-restricted',
    'a pod that may be root',
    ENGINE,
    `${POD}.securityContext.runAsNonRoot`,
    undefined,
    /runAsNonRoot/,
  ),
  broken(
    'pod-security-restricted',
    'a pod without seccomp',
    ENGINE,
    `${POD}.securityContext.seccompProfile`,
    undefined,
    /seccompProfile/,
  ),
  broken(
    'pod-security-restricted',
    'a container that may gain privileges',
    ENGINE,
    `${CONTAINER}.securityContext.allowPrivilegeEscalation`,
    undefined,
    /allowPrivilegeEscalation/,
  ),
  broken(
    'pod-security-restricted',
    'a container with capabilities',
    ENGINE,
    `${CONTAINER}.securityContext.capabilities`,
    { add: ['SYS_ADMIN'] },
    /adds capabilities/,
  ),
  broken(
    'pod-security-restricted',
    'a volume of the host',
    ENGINE,
    `${POD}.volumes.0`,
    { name: 'scratch', hostPath: { path: '/' } },
    /hostPath/,
  ),
  broken('pod-host-isolation', 'a port of the host', ENGINE, `${CONTAINER}.ports.0.hostPort`, 80, /port of the host/),
  broken('pod-host-isolation', 'the network of the host', ENGINE, `${POD}.hostNetwork`, true, /namespace of the host/),
  broken(
    'read-only-root',
    'a writable root',
    WORKER,
    `${CONTAINER}.securityContext.readOnlyRootFilesystem`,
    false,
    /readOnlyRootFilesystem/,
  ),
  broken(
    'service-account-own',
    'the default account',
    WORKER,
    `${POD}.serviceAccountName`,
    undefined,
    /default service account/,
  ),
  broken(
    'service-account-own',
    'a token nobody uses',
    WORKER,
    `${POD}.automountServiceAccountToken`,
    undefined,
    /automountServiceAccountToken/,
  ),
  broken(
    'secrets-as-files',
    'a variable from a secret',
    WORKER,
    `${CONTAINER}.env.1`,
    { name: 'KEY', valueFrom: { secretKeyRef: { name: 'a', key: 'b' } } },
    /expected a mounted file/,
  ),
  broken(
    'secrets-as-files',
    'a password in an address',
    WORKER,
    `${CONTAINER}.env.1.value`,
    'nats://user:pass@nats:4222',
    /carries a password/,
  ),
  broken(
    'image-immutable',
    'latest',
    WORKER,
    `${CONTAINER}.image`,
    'registry.example.com:5000/task-queue:latest',
    /may move/,
  ),
  broken(
    'image-immutable',
    'no tag behind a port',
    WORKER,
    `${CONTAINER}.image`,
    'registry.example.com:5000/task-queue',
    /may move/,
  ),
  broken(
    'image-immutable',
    'weights that move',
    ENGINE,
    `${POD}.volumes.1.image.reference`,
    'registry.example.com/models/minilm',
    /may move/,
  ),
  [
    'rbac-least',
    'a wildcard',
    [...compliant, { ...role, rules: [{ apiGroups: [''], resources: ['*'], verbs: ['get'] }] }],
    /wildcard/,
  ],
  [
    'rbac-least',
    'the right to impersonate',
    [...compliant, { ...role, rules: [{ apiGroups: [''], resources: ['users'], verbs: ['impersonate'] }] }],
    /impersonate/,
  ],
  broken(
    'resources-stated',
    'no processor requested',
    WORKER,
    `${CONTAINER}.resources.requests.cpu`,
    undefined,
    /requests no cpu/,
  ),
  broken(
    'resources-stated',
    'a memory limit beyond the request',
    WORKER,
    `${CONTAINER}.resources.limits.memory`,
    '1Gi',
    /is not its request/,
  ),
  broken(
    'resources-stated',
    'unbounded scratch space',
    WORKER,
    `${CONTAINER}.resources.limits.ephemeral-storage`,
    undefined,
    /no limit on ephemeral-storage/,
  ),
  broken('probes-distinct', 'no readiness', ENGINE, `${CONTAINER}.readinessProbe`, undefined, /no readinessProbe/),
  broken('probes-distinct', 'liveness while loading', ENGINE, `${CONTAINER}.startupProbe`, undefined, /startupProbe/),
  broken(
    'probes-distinct',
    'liveness that asks for readiness',
    ENGINE,
    `${CONTAINER}.livenessProbe.httpGet.path`,
    '/readyz',
    /same as readiness/,
  ),
  broken('replicas-spread', 'a single replica', ENGINE, 'spec.replicas', 1, /expected at least 2/),
  broken('replicas-spread', 'one zone', ENGINE, `${POD}.topologySpreadConstraints`, undefined, /not spread over zones/),
  broken('replicas-spread', 'one node', ENGINE, `${POD}.affinity`, undefined, /no anti-affinity/),
  without('disruption-budget', 'no budget', BUDGET, /no PodDisruptionBudget/),
  broken('disruption-budget', 'a budget that blocks', BUDGET, 'spec.maxUnavailable', 0, /never allows a disruption/),
  broken(
    'disruption-budget',
    'a minimum of all replicas',
    BUDGET,
    'spec',
    { minAvailable: 9, selector: {}, unhealthyPodEvictionPolicy: 'AlwaysAllow' },
    /minAvailable 9/,
  ),
  broken(
    'disruption-budget',
    'unhealthy pods that stay',
    BUDGET,
    'spec.unhealthyPodEvictionPolicy',
    undefined,
    /AlwaysAllow/,
  ),
  broken(
    'replicas-one-owner',
    'replicas beside a scaler',
    WORKER,
    'spec.replicas',
    3,
    /which ScaledObject\/mailroom-classify owns/,
  ),
  broken(
    'grace-covers-work',
    'a grace shorter than the drain',
    WORKER,
    `${POD}.terminationGracePeriodSeconds`,
    4,
    /shorter than drain/,
  ),
  broken(
    'grace-covers-work',
    'a grace that the preStop uses up',
    ENGINE,
    `${CONTAINER}.lifecycle.preStop.sleep.seconds`,
    6,
    /drain and preStop, 11 s/,
  ),
  broken('scaler-explicit', 'no fallback', SCALER, 'spec.fallback', undefined, /has no fallback/),
  broken(
    'scaler-explicit',
    'a fallback beyond the maximum',
    SCALER,
    'spec.fallback.replicas',
    100,
    /more than its maximum/,
  ),
  broken(
    'scaler-explicit',
    'the default polling interval',
    SCALER,
    'spec.pollingInterval',
    undefined,
    /pollingInterval/,
  ),
  broken('scaler-explicit', 'the default cooldown', SCALER, 'spec.cooldownPeriod', undefined, /cooldownPeriod/),
  broken('scaler-explicit', 'no stabilisation', SCALER, 'spec.advanced', undefined, /stabilise/),
  broken(
    'scaler-explicit',
    'zero before the first look',
    SCALER,
    'spec',
    {
      ...(compliant.find(({ kind }) => kind === 'ScaledObject')?.['spec'] as object),
      minReplicaCount: 0,
      initialCooldownPeriod: 0,
    },
    /initialCooldownPeriod is 0/,
  ),
  broken(
    'scaler-credentials',
    'a password in the trigger',
    SCALER,
    `${TRIGGER}.password`,
    'hunter2',
    /TriggerAuthentication/,
  ),
  broken(
    'scaler-credentials',
    'a password in an address of the trigger',
    SCALER,
    `${TRIGGER}.natsServerMonitoringEndpoint`,
    'http://a:b@nats-headless.nats:8222',
    /TriggerAuthentication/,
  ),
  broken(
    'scaler-sees-leader',
    'the cluster IP of NATS',
    SCALER,
    `${TRIGGER}.natsServerMonitoringEndpoint`,
    'nats.nats.svc.cluster.local:8222',
    /expected the headless service/,
  ),
  broken(
    'scaler-sees-leader',
    'the client port of NATS',
    SCALER,
    `${TRIGGER}.natsServerMonitoringEndpoint`,
    'nats-headless.nats.svc.cluster.local:4222',
    /8222/,
  ),
  broken('scaler-sees-leader', 'no consumer', SCALER, `${TRIGGER}.consumer`, undefined, /names no consumer/),
  broken('stream-durable', 'a stream in memory', STREAM, 'spec.storage', undefined, /memory, the default/),
  broken('stream-durable', 'no bound', STREAM, 'spec.maxBytes', -1, /no maxBytes/),
  broken('stream-durable', 'an unstated discard', STREAM, 'spec.discard', undefined, /discards/),
  broken('stream-durable', 'a duplicate window of a minute', STREAM, 'spec.duplicateWindow', '1m', /at least 2m/),
  broken('network-flow-narrow', 'a flow from anyone', FLOWS, 'spec.ingress.0.from', undefined, /without from/),
  broken('network-flow-narrow', 'a flow to anywhere', FLOWS, 'spec.egress.0.to', [], /without to/),
  broken('network-flow-narrow', 'every port', FLOWS, 'spec.egress.0.ports', undefined, /every port/),
  broken(
    'network-flow-narrow',
    'a port without a number',
    FLOWS,
    'spec.egress.0.ports.0.port',
    undefined,
    /every port/,
  ),
  broken('network-flow-narrow', 'a peer that is every pod', FLOWS, 'spec.egress.1.to.0.podSelector', {}, /is everyone/),
  broken('network-flow-narrow', 'every namespace', FLOWS, 'spec.ingress.0.from.0.namespaceSelector', {}, /is everyone/),
  broken('network-flow-narrow', 'flows of every pod', FLOWS, 'spec.podSelector', {}, /every pod of the namespace/),
  broken('network-flow-narrow', 'unstated directions', FLOWS, 'spec.policyTypes', undefined, /policyTypes/),
  broken(
    'namespace-quota',
    'node ports around the policies',
    QUOTA,
    'spec.hard',
    { pods: 1 },
    /bounds services.nodeports/,
  ),
  broken(
    'namespace-quota',
    'a limit range without defaults',
    RANGE,
    'spec.limits.0.default',
    undefined,
    /default of memory/,
  ),
  broken('disruption-budget', 'a budget of every pod', BUDGET, 'spec.selector', {}, /selects by other labels/),
  broken(
    'replicas-spread',
    'zones of other pods',
    ENGINE,
    `${POD}.topologySpreadConstraints.0.labelSelector`,
    undefined,
    /by its own labels/,
  ),
  broken(
    'replicas-spread',
    'zones that differ',
    ENGINE,
    `${POD}.topologySpreadConstraints.0.maxSkew`,
    3,
    /more than one/,
  ),
  broken(
    'grace-covers-work',
    'the default grace',
    WORKER,
    `${POD}.terminationGracePeriodSeconds`,
    undefined,
    /is not stated, expected at least 5 s/,
  ),
  broken('endpoint-drained', 'a sleep of no time', ENGINE, `${CONTAINER}.lifecycle.preStop.sleep`, {}, /no preStop/),
  broken('selects-own-pods', 'a selector of nothing', ENGINE, 'spec.selector', {}, /no labels/),
  broken(
    'selects-own-pods',
    'pods of another name',
    ENGINE,
    'spec.template.metadata.labels',
    {},
    /none of its own pods/,
  ),
  broken(
    'replicas-spread',
    'an unstated exception',
    ENGINE,
    `${POD}.topologySpreadConstraints.0.whenUnsatisfiable`,
    undefined,
    /whenUnsatisfiable/,
  ),
  broken('replicas-spread', 'an engine that runs once', ENGINE, 'spec.replicas', undefined, /nothing scales it/),
  broken('scratch-bounded', 'scratch without end', ENGINE, `${POD}.volumes.0.emptyDir`, {}, /scratch has no sizeLimit/),
  broken('volume-one-node', 'replicas away from their volume', WORKER, `${POD}.affinity`, undefined, /on one node/),
  broken('image-immutable', 'weights of no image', ENGINE, `${POD}.volumes.1.image.reference`, undefined, /\(none\)/),
  broken('network-flow-narrow', 'rules that do not apply', FLOWS, 'spec.policyTypes', ['Egress'], /with Ingress/),
  broken(
    'network-flow-narrow',
    'flows of two workloads',
    FLOWS,
    'spec.podSelector.matchLabels',
    { 'app.kubernetes.io/part-of': 'mailroom' },
    /opens its flows to 2 workloads/,
  ),
  broken(
    'network-flow-narrow',
    'two callers by one peer',
    ['NetworkPolicy', 'mailroom-embedder'],
    'spec.ingress.1.from.0.podSelector.matchLabels',
    { 'app.kubernetes.io/part-of': 'mailroom' },
    /a peer that is 2 workloads/,
  ),
  broken(
    'queue-matches-profile',
    'dead letters of another subject',
    DEAD,
    'spec.subjects',
    ['x'],
    /takes mailroom.dead.mails/,
  ),
  broken('endpoint-drained', 'an engine that just stops', ENGINE, `${CONTAINER}.lifecycle`, undefined, /no preStop/),
  broken(
    'scaler-explicit',
    'a fallback that scales down',
    SCALER,
    'spec.fallback.behavior',
    undefined,
    /falls back to 3/,
  ),
  broken('queue-matches-profile', 'a shorter lease', CONSUMER, 'spec.ackWait', '4s', /runs by 5000/),
  broken('queue-matches-profile', 'fewer in flight', CONSUMER, 'spec.maxAckPending', 80, /runs by 81/),
  broken('queue-matches-profile', 'fewer deliveries than attempts', CONSUMER, 'spec.maxDeliver', 4, /less than 5/),
  broken('queue-matches-profile', 'more replicas than in flight', SCALER, 'spec.maxReplicaCount', 10, /take 90 items/),
  broken('queue-matches-profile', 'work that stays', STREAM, 'spec.retention', undefined, /runs by workqueue/),
  broken('queue-matches-profile', 'a shorter memory', STREAM, 'spec.maxAge', '1h', /maxAge of its stream/),
  broken('queue-matches-profile', 'another subject', STREAM, 'spec.subjects', ['other'], /does not take/),
  broken('queue-matches-profile', 'smaller items', STREAM, 'spec.maxMsgSize', 1_000, /less than an item/),
  without('queue-matches-profile', 'no consumer', CONSUMER, /no Consumer classify/),
  without('consumer-dead-letters', 'no dead letters', DEAD, /dead letters of MAILROOM_MAILS/),
  broken('consumer-leases', 'no acks', CONSUMER, 'spec.ackPolicy', undefined, /none, the default/),
  broken('consumer-leases', 'a lease of a nanosecond', CONSUMER, 'spec.ackWait', '1ns', /ackWait is 1ns/),
  broken('consumer-leases', 'deliveries without end', CONSUMER, 'spec.maxDeliver', -1, /not finite/),
  broken('consumer-leases', 'acks without bound', CONSUMER, 'spec.maxAckPending', undefined, /not bounded/),
  broken(
    'consumer-leases',
    'more waits than deliveries',
    CONSUMER,
    'spec',
    {
      ...(compliant.find(({ kind }) => kind === 'Consumer')?.['spec'] as object),
      maxDeliver: 1,
      backoff: ['1s', '2s'],
    },
    /2 backoff steps for 1 deliveries/,
  ),
];

const SETS: readonly CaseSet[] = [
  { name: 'the platform', compliant, cases: CASES },
  kafkaCases,
  natsCases,
  gpuCases,
  jobCases,
];
const ALL_CASES = SETS.flatMap(({ cases }) => cases);

describe('the policies', () => {
  test.each(SETS.map((set) => [set.name, set.compliant] as const))(
    'hold for %s as it should be',
    (_name, manifests) => {
      expect(checkManifests(manifests)).toEqual([]);
    },
  );

  test('have a name of their own and a reason each', () => {
    expect(new Set(POLICIES.map(({ id }) => id)).size).toBe(POLICIES.length);
    expect(POLICIES.filter(({ reason }) => reason === '')).toEqual([]);
  });

  test.each(POLICIES.map(({ id }) => id))('%s has a case that breaks it', (id) => {
    expect(ALL_CASES.map(([policy]) => policy)).toContain(id);
  });

  test.each(ALL_CASES)('%s rejects %s', (policy, _title, manifests, message) => {
    const findings = checkManifests(manifests).filter((finding) => finding.policy === policy);
    expect(findings.map((finding) => finding.message)).toContainEqual(expect.stringMatching(message));
  });

  test('report everything at once, each finding with its object and its reason', () => {
    const copy = withChange(compliant, ENGINE, (draft) => {
      setting(`${POD}.serviceAccountName`, 'default')(draft);
      setting(`${CONTAINER}.image`, 'x:latest')(draft);
    });
    const findings = checkManifests(copy);
    expect(findings.map(({ policy }) => policy)).toEqual(['service-account-own', 'image-immutable']);
    expect(formatFindings(findings)).toMatch(
      /^2 findings\n\n {2}Deployment\/mailroom\/mailroom-embedder {2}\[service-account-own\]\n.*\n {4}because a token/,
    );
  });
});

describe('a suppression', () => {
  const suppressed = (policy: string, reason: string, image = 'x:latest') =>
    withChange(compliant, ENGINE, (draft) => {
      setting(`${CONTAINER}.image`, image)(draft);
      setting(`metadata.annotations`, { [suppressionOf(policy)]: reason })(draft);
    });

  test('with a reason takes the object out of the policy', () => {
    expect(checkManifests(suppressed('image-immutable', 'built on the node for a test cluster'))).toEqual([]);
  });

  test('rejects no reason', () => {
    expect(checkManifests(suppressed('image-immutable', ' '))).toMatchObject([
      { message: 'is suppressed without a reason' },
    ]);
  });

  test('rejects one that is no longer needed', () => {
    expect(checkManifests(suppressed('image-immutable', 'once was', 'x:1.0.0'))).toMatchObject([
      { message: expect.stringMatching(/remove the suppression/) },
    ]);
  });

  test('rejects one of a policy that is not there', () => {
    expect(checkManifests(suppressed('image-imutable', 'misspelt')).map(({ policy }) => policy)).toEqual([
      'image-immutable',
      'image-imutable',
    ]);
  });
});
