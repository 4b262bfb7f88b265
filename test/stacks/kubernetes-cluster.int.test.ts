import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openBus, openBusAdmin } from '@penstock/kit';
import { mailClassifier } from '@penstock/mail-classifier/service';
import { Bytes, Duration, declareWorker, defineTopology, queueProfile } from '@penstock/model';
import { App, Chart } from 'cdk8s';
import { Binding } from '../../constructs/binding.ts';
import {
  EffectVolume,
  ImageReference,
  JobAutoscaler,
  jetStreamLag,
  NatsService,
} from '../../constructs/kubernetes/index.ts';
import { type Manifest, podsOf } from '../../constructs/policies/manifest.ts';
import { type BrokerEnvironment, environments } from '../../stacks/environments/index.ts';
import { synthesizeKubernetes } from '../../stacks/kubernetes/synthesize.ts';
import { platform } from '../../stacks/platform.ts';
import { KubernetesCluster, kubernetesRequirement } from '../helpers/kubernetes-cluster.ts';
import { definitionFiles, realData } from '../helpers/manifests.ts';
import { NatsServer, natsRequirement } from '../helpers/nats-server.ts';
import { describeWith } from '../helpers/requirement.ts';

// A real API server with real admission, real controllers and a real KEDA. What is not real: nodes run no containers.

let cluster: KubernetesCluster;

describeWith(realData, 'with the definitions of every operator', () => {
  describeWith(kubernetesRequirement(), 'a Kubernetes control plane', () => {
    beforeAll(async () => {
      cluster = await KubernetesCluster.start('--nodes=3,2', '--pvs=9', '--keda', '--fast');
      // KEDA has brought its own.
      await cluster.define(definitionFiles({ except: 'keda' }));
    }, 180_000);

    afterAll(() => cluster.stop(), 60_000);

    describe.each(Object.entries(environments))('given everything of %s', (_name, environment) => {
      const manifests = synthesizeKubernetes(platform, environment);

      test('takes every object without a warning', async () => {
        expect(await cluster.apply(manifests)).toMatchObject({ status: 0, stderr: '' });
      }, 60_000);

      test('has nothing to change when it is given the same again', async () => {
        expect(await cluster.differences(manifests)).toBe('');
      }, 60_000);

      test('lets in every pod under the restricted standard', async () => {
        const pods = manifests.flatMap((manifest) => podsLike(manifest));
        expect(pods.length).toBeGreaterThan(1);
        expect(await cluster.apply(pods, '--dry-run=server')).toMatchObject({ status: 0, stderr: '' });
      }, 60_000);

      test('rejects the same pods when they may gain privileges', async () => {
        const [pod] = manifests.flatMap((manifest) => podsLike(manifest));
        const text = JSON.stringify(pod).replaceAll(
          '"allowPrivilegeEscalation":false',
          '"allowPrivilegeEscalation":true',
        );
        const { status, stderr } = await cluster.apply([JSON.parse(text) as Manifest], '--dry-run=server');
        expect(status).not.toBe(0);
        expect(stderr).toContain('violates PodSecurity "restricted');
      }, 60_000);

      test('runs the engines and the workers, and none on a node with GPUs', async () => {
        const { namespace } = environment;
        await cluster.ask('-n', namespace, 'wait', '--for=condition=Available', 'deploy', '--all', '--timeout=90s');
        const pods = await cluster.ask('-n', namespace, 'get', 'pods', '-o', 'jsonpath={.items[*].spec.nodeName}');
        const nodes = pods.split(' ');
        expect(nodes.length).toBeGreaterThan(2);
        expect(nodes.filter((node) => !node.startsWith('cpu-'))).toEqual([]);
      }, 120_000);
    });

    test('runs the servers of the queues on nodes of three zones, each with a volume', async () => {
      const { cluster: broker } = environments.prod.nats as { readonly cluster: BrokerEnvironment };
      const inBroker = ['-n', broker.namespace];
      await cluster.ask(...inBroker, 'wait', '--for=jsonpath={.status.readyReplicas}=3', 'sts/nats', '--timeout=90s');
      const nodes = await cluster.ask(...inBroker, 'get', 'pods', '-o', 'jsonpath={.items[*].spec.nodeName}');
      const zones = await cluster.ask(
        'get',
        'nodes',
        ...nodes.split(' '),
        '-o',
        'jsonpath={.items[*].metadata.labels.topology\\.kubernetes\\.io/zone}',
      );
      expect(new Set(zones.split(' ')).size).toBe(3);
      const claims = await cluster.ask(...inBroker, 'get', 'pvc', '-o', 'jsonpath={.items[*].status.phase}');
      expect(claims).toBe('Bound Bound Bound');
    }, 120_000);

    describeWith(natsRequirement(), 'with a backlog on a real NATS server', () => {
      let nats: NatsServer;

      beforeAll(async () => {
        nats = await NatsServer.start({ monitoring: true });
      });

      afterAll(() => nats.stop());

      test('KEDA starts the worker from nothing, by the derived threshold, and stops it when the work is done', async () => {
        const namespace = 'scaled';
        const profile = queueProfile(sometimes.queues.mails, sometimes.workers.classify);
        await using admin = await openBusAdmin(nats.url);
        await admin.provision(profile);
        await using bus = await openBus(nats.url);
        const queue = await bus.bind(profile);
        const manifests = synthesizeKubernetes(sometimes, { ...environments.dev, namespace });
        expect(await cluster.apply(manifests.map((each) => hurried(each, nats.monitoring)))).toMatchObject({
          status: 0,
        });
        const { lagThreshold, name } = sometimes.workers.classify;
        const replicas = (count: number) =>
          cluster.ask(
            '-n',
            namespace,
            'wait',
            `--for=jsonpath={.spec.replicas}=${count}`,
            `deploy/${name}`,
            '--timeout=90s',
          );
        await cluster.ask('-n', namespace, 'wait', '--for=condition=Ready', 'scaledobject', '--all', '--timeout=60s');
        await replicas(0);

        // Well between two and three replicas: the autoscaler lets a tenth more or less pass.
        const items = Math.round(lagThreshold * 2.5);
        await Promise.all(
          Array.from({ length: items }, (_, n) =>
            queue.publish({ idempotencyKey: `k-${n}`, payload: new Uint8Array(10) }),
          ),
        );
        await replicas(3);

        let open = items;
        const done = Promise.withResolvers<void>();
        const consumption = queue.consume({ prefetch: 100 }, (lease) => {
          lease.ack().then(() => {
            open -= 1;
            if (open === 0) done.resolve();
          }, done.reject);
        });
        await done.promise;
        await consumption.stop();
        await replicas(0);
      }, 400_000);

      test('KEDA starts no job without work, and several at once for a backlog of more than one job', async () => {
        const namespace = 'jobs';
        const topology = sometimes;
        const profile = queueProfile(topology.queues.mails, topology.workers.classify);
        await using admin = await openBusAdmin(nats.url);
        await admin.provision(profile);
        await using bus = await openBus(nats.url);
        const queue = await bus.bind(profile);
        const chart = new Chart(new App(), 'jobs', { namespace });
        const context = {
          topology,
          workload: topology.workers.classify,
          image: ImageReference.parse('registry.example.com/penstock/mail-classifier:0.1.0'),
        };
        new JobAutoscaler(chart, 'classify', {
          context,
          bus: Binding.of(nats.url),
          effects: new EffectVolume(chart, 'effects', {
            context,
            storageClass: 'standard',
            size: Bytes.parse('1 GiB'),
          }),
          engines: {},
          backlog: jetStreamLag(
            new NatsService({ namespace: 'nats', replicas: 3, syncInterval: 'periodic' }),
            topology.queues.mails,
            context.workload,
          ),
          deadline: Duration.parse('1 hour'),
        });
        const manifests = chart.toJson() as Manifest[];
        const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
        const own: Manifest = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels } };
        const hurriedUp = manifests.map((each) => hurried(each, nats.monitoring));
        expect(await cluster.apply([own, ...hurriedUp])).toMatchObject({ status: 0, stderr: '' });
        await cluster.ask('-n', namespace, 'wait', '--for=condition=Ready', 'scaledjob', '--all', '--timeout=60s');
        const started = async (): Promise<number> =>
          (await cluster.ask('-n', namespace, 'get', 'jobs', '-o', 'name')).split('\n').filter(Boolean).length;
        expect(await started()).toBe(0);
        const items = Math.round(context.workload.lagThreshold * 1.5);
        await Promise.all(
          Array.from({ length: items }, (_, n) =>
            queue.publish({ idempotencyKey: `job-${n}`, payload: new Uint8Array(10) }),
          ),
        );
        // Pods here end as soon as they start and take nothing, so that jobs follow each other.
        while ((await started()) < 2) await new Promise((resolve) => setTimeout(resolve, 200));
        await cluster.ask('-n', namespace, 'wait', '--for=condition=Active', 'scaledjob', '--all', '--timeout=60s');
      }, 200_000);
    });
  });
});

/** The platform's worker, but that it may sleep and calls nothing. */
const sometimes = defineTopology({
  name: 'sometimes',
  queues: { mails: { arrivalRate: '60/s', peakRate: '200/s', doneWithin: '2 minutes' } },
  workers: {
    classify: {
      service: declareWorker({ name: mailClassifier.name, payload: mailClassifier.payload, calls: [] }),
      queue: 'mails',
      workTime: { mean: '250 milliseconds', p99: '1 second' },
      itemsAtOnce: 8,
      idle: 'scale-to-zero',
      resources: { cpu: 0.25, memory: '256 MiB' },
    },
  },
});

/** The pods that a workload would make, each as an object of its own, with the volumes that its controller adds. */
function podsLike(manifest: Manifest): readonly Manifest[] {
  const { name, namespace } = manifest.metadata;
  const { volumeClaimTemplates = [] } = (manifest['spec'] ?? {}) as {
    readonly volumeClaimTemplates?: readonly { readonly metadata: { readonly name: string } }[];
  };
  const claimed = volumeClaimTemplates.map(({ metadata: { name: volume } }) => ({
    name: volume,
    persistentVolumeClaim: { claimName: `${volume}-${name}-0` },
  }));
  return podsOf(manifest).map((pod, index) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `${name}-alike-${index}`, ...(namespace === undefined ? {} : { namespace }) },
    spec: { ...pod, volumes: [...(pod.volumes ?? []), ...claimed] },
  }));
}

/**
 * The scaler as synthesized, but for where NATS is, which no name of a cluster leads to here, and for its patience,
 * which is minutes. Everything else that decides is as it would be.
 */
function hurried(manifest: Manifest, monitoring: string): Manifest {
  if (manifest.kind !== 'ScaledObject' && manifest.kind !== 'ScaledJob') return manifest;
  const spec = structuredClone(manifest['spec']) as {
    pollingInterval: number;
    cooldownPeriod: number;
    initialCooldownPeriod: number;
    advanced: { horizontalPodAutoscalerConfig: { behavior: { scaleDown: { stabilizationWindowSeconds: number } } } };
    triggers: { metadata: Record<string, string> }[];
  };
  for (const { metadata } of spec.triggers) metadata['natsServerMonitoringEndpoint'] = monitoring;
  spec.pollingInterval = 1;
  if (manifest.kind === 'ScaledJob') return { ...manifest, spec };
  spec.cooldownPeriod = 2;
  spec.initialCooldownPeriod = 0;
  spec.advanced.horizontalPodAutoscalerConfig.behavior.scaleDown.stabilizationWindowSeconds = 1;
  return { ...manifest, spec };
}
