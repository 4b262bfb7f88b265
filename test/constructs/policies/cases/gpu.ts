import type { Manifest } from '../../../../constructs/policies/index.ts';
import { type CaseSet, casesOf } from './case.ts';

const labels = { 'app.kubernetes.io/name': 'chat' };
const metadata = (name: string) => ({ name, namespace: 'models', labels });
const GPU = 'nvidia.com/gpu';
const MODEL = 'Qwen/Qwen3-0.6B';
const COMMIT = 'c1899de289a04d12100db370d81485cdf75e47ca';
const amounts = { memory: '64Gi', 'ephemeral-storage': '20Gi' };
const probe = (path: string, failureThreshold: number) => ({
  httpGet: { path, port: 'http' },
  periodSeconds: 5,
  timeoutSeconds: 5,
  failureThreshold,
});
const term = (topologyKey: string) => ({ topologyKey, labelSelector: { matchLabels: labels } });

const server: Manifest = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: metadata('chat'),
  spec: {
    selector: { matchLabels: labels },
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
    progressDeadlineSeconds: 1200,
    template: {
      metadata: { labels },
      spec: {
        serviceAccountName: 'chat',
        automountServiceAccountToken: false,
        terminationGracePeriodSeconds: 120,
        nodeSelector: { 'karpenter.k8s.aws/instance-gpu-name': 'l4' },
        tolerations: [{ key: GPU, operator: 'Exists', effect: 'NoSchedule' }],
        topologySpreadConstraints: [
          { ...term('topology.kubernetes.io/zone'), maxSkew: 1, whenUnsatisfiable: 'ScheduleAnyway' },
        ],
        affinity: {
          podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term('kubernetes.io/hostname')] },
        },
        securityContext: {
          runAsNonRoot: true,
          runAsUser: 65_532,
          runAsGroup: 65_532,
          seccompProfile: { type: 'RuntimeDefault' },
        },
        containers: [
          {
            name: 'vllm',
            image: 'registry.example.com/vllm:0.11.0',
            args: ['serve', MODEL, '--revision', COMMIT, '--tensor-parallel-size=2'],
            ports: [{ name: 'http', containerPort: 8000 }],
            resources: { requests: { cpu: '8', ...amounts }, limits: { ...amounts, [GPU]: 2 } },
            securityContext: {
              allowPrivilegeEscalation: false,
              readOnlyRootFilesystem: true,
              capabilities: { drop: ['ALL'] },
            },
            lifecycle: { preStop: { sleep: { seconds: 5 } } },
            startupProbe: probe('/health', 60),
            readinessProbe: probe('/v1/models', 3),
            livenessProbe: probe('/health', 6),
            volumeMounts: [{ name: 'shm', mountPath: '/dev/shm' }],
          },
        ],
        volumes: [{ name: 'shm', emptyDir: { medium: 'Memory', sizeLimit: '16Gi' } }],
      },
    },
  },
};

const scaler: Manifest = {
  apiVersion: 'keda.sh/v1alpha1',
  kind: 'ScaledObject',
  metadata: metadata('chat'),
  spec: {
    scaleTargetRef: { name: 'chat' },
    minReplicaCount: 2,
    maxReplicaCount: 8,
    fallback: { failureThreshold: 3, replicas: 2, behavior: 'currentReplicasIfHigher' },
    advanced: { horizontalPodAutoscalerConfig: { behavior: { scaleDown: { stabilizationWindowSeconds: 600 } } } },
    triggers: [
      {
        type: 'prometheus',
        metadata: {
          serverAddress: 'http://prometheus.monitoring:9090',
          query: 'sum(vllm:num_requests_waiting)',
          threshold: '1',
          ignoreNullValues: 'false',
        },
      },
    ],
  },
};

const alert = (name: string, expr: string) => ({
  alert: name,
  expr,
  for: '5m',
  labels: { severity: 'page' },
  annotations: { summary: name },
});
const rules: Manifest = {
  apiVersion: 'monitoring.coreos.com/v1',
  kind: 'PrometheusRule',
  metadata: metadata('chat'),
  spec: {
    groups: [
      {
        name: 'chat',
        rules: [
          alert(
            'Slow',
            'histogram_quantile(0.95, sum by (le) (rate(vllm:time_to_first_token_seconds_bucket[5m]))) > 2',
          ),
          alert('Starved', 'sum(rate(vllm:generation_tokens_total[5m])) < 10'),
          alert('Queued', 'sum(vllm:num_requests_waiting) > 100'),
          alert('Full', 'DCGM_FI_DEV_FB_USED / (DCGM_FI_DEV_FB_USED + DCGM_FI_DEV_FB_FREE) > 0.98'),
        ],
      },
    ],
  },
};

const pool: Manifest = {
  apiVersion: 'karpenter.sh/v1',
  kind: 'NodePool',
  metadata: { name: 'gpu' },
  spec: {
    limits: { cpu: '256', [GPU]: 16 },
    disruption: { consolidationPolicy: 'WhenEmpty', consolidateAfter: '5m', budgets: [{ nodes: '10%' }] },
    template: {
      spec: {
        expireAfter: '720h',
        terminationGracePeriod: '1h',
        nodeClassRef: { group: 'karpenter.k8s.aws', kind: 'EC2NodeClass', name: 'gpu' },
        taints: [{ key: GPU, value: 'true', effect: 'NoSchedule' }],
        requirements: [
          { key: 'karpenter.sh/capacity-type', operator: 'In', values: ['on-demand'] },
          { key: 'karpenter.k8s.aws/instance-family', operator: 'In', values: ['g6', 'g6e'] },
        ],
      },
    },
  },
};

const nodeClass: Manifest = {
  apiVersion: 'karpenter.k8s.aws/v1',
  kind: 'EC2NodeClass',
  metadata: { name: 'gpu' },
  spec: {
    role: 'gpu-nodes',
    amiSelectorTerms: [{ alias: 'al2023@v20260801' }],
    subnetSelectorTerms: [{ tags: { 'karpenter.sh/discovery': 'prod' } }],
    securityGroupSelectorTerms: [{ tags: { 'karpenter.sh/discovery': 'prod' } }],
    metadataOptions: { httpTokens: 'required', httpPutResponseHopLimit: 1 },
    blockDeviceMappings: [
      { deviceName: '/dev/xvda', ebs: { volumeSize: '100Gi', volumeType: 'gp3', encrypted: true } },
    ],
    instanceStorePolicy: 'RAID0',
  },
};

const compliant: readonly Manifest[] = [
  pool,
  nodeClass,
  server,
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadata('chat'),
    spec: { selector: labels, ports: [{ name: 'http', port: 8000 }] },
  },
  {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: metadata('chat'),
    spec: { maxUnavailable: 1, selector: { matchLabels: labels }, unhealthyPodEvictionPolicy: 'AlwaysAllow' },
  },
  scaler,
  {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'ServiceMonitor',
    metadata: metadata('chat'),
    spec: { selector: { matchLabels: labels }, endpoints: [{ port: 'http' }] },
  },
  rules,
];
const { broken, without } = casesOf(compliant);
const POOL = ['NodePool', 'gpu'] as const;
const CLASS = ['EC2NodeClass', 'gpu'] as const;
const SERVER = ['Deployment', 'chat'] as const;
const SCALER = ['ScaledObject', 'chat'] as const;
const RULES = ['PrometheusRule', 'chat'] as const;
const POD = 'spec.template.spec';
const CONTAINER = `${POD}.containers.0`;
const REQUIREMENTS = 'spec.template.spec.requirements';
const spot = (key: string, values: readonly string[]) => [
  { key: 'karpenter.sh/capacity-type', operator: 'In', values: ['spot', 'on-demand'] },
  { key, operator: 'In', values },
];

export const gpuCases: CaseSet = {
  name: 'GPUs',
  compliant,
  cases: [
    broken('nodepool-limits', 'a pool without limits', POOL, 'spec.limits', undefined, /no limit on cpu/),
    broken('nodepool-limits', 'GPUs without a limit', POOL, ['spec', 'limits', GPU], undefined, /no limit on nvidia/),
    broken(
      'node-image-pinned',
      'the latest image',
      CLASS,
      'spec.amiSelectorTerms',
      [{ alias: 'al2023@latest' }],
      /al2023@latest may move/,
    ),
    broken(
      'node-image-pinned',
      'an image by tags',
      CLASS,
      'spec.amiSelectorTerms',
      [{ tags: { team: 'ml' } }],
      /chosen by tags may move/,
    ),
    broken(
      'node-image-pinned',
      'the recommended image',
      CLASS,
      'spec.amiSelectorTerms',
      [{ ssmParameter: '/aws/service/eks/optimized-ami/1.35/amazon-linux-2023/x86_64/nvidia/recommended/image_id' }],
      /may move/,
    ),
    broken('node-image-pinned', 'no image', CLASS, 'spec.amiSelectorTerms', [], /names no image/),
    broken('node-hardened', 'the old metadata service', CLASS, 'spec.metadataOptions.httpTokens', 'optional', /IMDSv2/),
    broken(
      'node-hardened',
      'metadata for pods',
      CLASS,
      'spec.metadataOptions.httpPutResponseHopLimit',
      2,
      /hop limit 1/,
    ),
    broken(
      'node-hardened',
      'a plain disk',
      CLASS,
      'spec.blockDeviceMappings.0.ebs.encrypted',
      undefined,
      /not encrypted/,
    ),
    broken('gpu-taint', 'GPU nodes for all', POOL, 'spec.template.spec.taints', undefined, /is not tainted/),
    broken('gpu-taint', 'a GPU pod that no node takes', SERVER, `${POD}.tolerations`, undefined, /no node takes it/),
    broken('gpu-taint', 'a guest on a GPU node', SERVER, `${CONTAINER}.resources.limits`, amounts, /asks for none/),
    broken('gpu-taint', 'a pod that goes anywhere', SERVER, `${POD}.tolerations.0.key`, undefined, /every taint/),
    broken(
      'gpu-taint',
      'a toleration of another value',
      SERVER,
      `${POD}.tolerations.0.operator`,
      undefined,
      /no node takes it/,
    ),
    broken(
      'scaler-sees-absence',
      'no data for zero',
      SCALER,
      'spec.triggers.0.metadata.ignoreNullValues',
      undefined,
      /no data for zero/,
    ),
    broken(
      'gpu-consolidation',
      'loaded models that are moved',
      POOL,
      'spec.disruption.consolidationPolicy',
      'WhenEmptyOrUnderutilized',
      /do-not-disrupt on Deployment\/chat/,
    ),
    broken('gpu-local-disk', 'a local disk that lies unused', CLASS, 'spec.instanceStorePolicy', undefined, /RAID0/),
    broken(
      'spot-diverse',
      'one type of machine',
      POOL,
      REQUIREMENTS,
      spot('node.kubernetes.io/instance-type', ['g6.xlarge']),
      /names 1 instance types/,
    ),
    broken(
      'spot-diverse',
      'one family of machines',
      POOL,
      REQUIREMENTS,
      spot('karpenter.k8s.aws/instance-family', ['g6']),
      /names 1 instance family/,
    ),
    broken('node-lifetime', 'nodes for ever', POOL, 'spec.template.spec.expireAfter', 'Never', /expireAfter is Never/),
    broken(
      'node-lifetime',
      'an unstated end',
      POOL,
      'spec.template.spec.expireAfter',
      undefined,
      /expireAfter is not stated/,
    ),
    broken('node-lifetime', 'no budget', POOL, 'spec.disruption.budgets', undefined, /no disruption budgets/),
    broken(
      'node-lifetime',
      'a budget of all nodes',
      POOL,
      'spec.disruption.budgets.0.nodes',
      '100%',
      /every node go at once/,
    ),
    broken(
      'scaler-outlasts-start',
      'a way down that is shorter than the load',
      SCALER,
      'spec.advanced.horizontalPodAutoscalerConfig.behavior.scaleDown.stabilizationWindowSeconds',
      60,
      /after 60 s, sooner than .* 300 s/,
    ),
    broken(
      'scaler-outlasts-start',
      'a longer load than the way down',
      SERVER,
      `${CONTAINER}.startupProbe.failureThreshold`,
      121,
      /sooner than .* 605 s/,
    ),
    broken(
      'scaler-outlasts-start',
      'a GPU server that goes to zero',
      SCALER,
      'spec.minReplicaCount',
      0,
      /minReplicaCount 1 or more/,
    ),
    broken(
      'inference-scaling',
      'utilisation of the GPU alone',
      SCALER,
      'spec.triggers.0.metadata.query',
      'avg(DCGM_FI_DEV_GPU_UTIL)',
      /utilisation alone/,
    ),
    broken('inference-scaling', 'the processor alone', SCALER, 'spec.triggers.0.type', 'cpu', /utilisation alone/),
    [
      'inference-scaling',
      'an autoscaler by the processor',
      [
        ...compliant.filter(({ kind }) => kind !== 'ScaledObject'),
        {
          apiVersion: 'autoscaling/v2',
          kind: 'HorizontalPodAutoscaler',
          metadata: metadata('chat'),
          spec: {
            scaleTargetRef: { kind: 'Deployment', name: 'chat' },
            maxReplicas: 8,
            metrics: [{ type: 'Resource' }],
          },
        },
      ],
      /CPU or memory alone/,
    ],
    without(
      'inference-monitored',
      'a server nobody scrapes',
      ['ServiceMonitor', 'chat'],
      /no ServiceMonitor or PodMonitor/,
    ),
    without('inference-monitored', 'a server nobody is woken for', RULES, /no alert is about GPU memory/),
    broken(
      'inference-monitored',
      'a queue nobody is woken for',
      RULES,
      'spec.groups.0.rules.2',
      alert('Up', 'up == 0'),
      /about its queue/,
    ),
    broken(
      'inference-monitored',
      'a recorded series for an alert',
      RULES,
      'spec.groups.0.rules.0',
      { record: 'ttft', expr: 'vllm:time_to_first_token_seconds' },
      /first token/,
    ),
    broken(
      'weights-pinned',
      'weights of a branch',
      SERVER,
      `${CONTAINER}.args`,
      ['serve', MODEL, '--revision', 'main'],
      /is at main/,
    ),
    broken(
      'weights-pinned',
      'weights without a revision',
      SERVER,
      `${CONTAINER}.args`,
      [`--model=${MODEL}`],
      /main branch/,
    ),
    broken(
      'shared-memory',
      'two GPUs that talk in 64 MB',
      SERVER,
      `${CONTAINER}.volumeMounts`,
      [],
      /no memory volume at \/dev\/shm/,
    ),
    broken(
      'shared-memory',
      'a disk for shared memory',
      SERVER,
      `${POD}.volumes.0.emptyDir.medium`,
      undefined,
      /no memory volume/,
    ),
    broken(
      'shared-memory',
      'memory without a size',
      SERVER,
      `${POD}.volumes.0.emptyDir.sizeLimit`,
      undefined,
      /has no sizeLimit/,
    ),
    broken(
      'shared-memory',
      'all memory shared',
      SERVER,
      `${POD}.volumes.0.emptyDir.sizeLimit`,
      '64Gi',
      /all of its memory/,
    ),
    broken(
      'alert-routable',
      'an alert for nobody',
      RULES,
      'spec.groups.0.rules.0.labels',
      undefined,
      /Slow has no severity/,
    ),
    broken(
      'alert-routable',
      'an alert without a text',
      RULES,
      'spec.groups.0.rules.3.annotations.summary',
      '',
      /Full has no summary/,
    ),
    broken('rollout-stated', 'the default rollout', SERVER, 'spec.strategy', undefined, /maxSurge/),
  ],
};
