import { describe, expect, test } from '@jest/globals';
import { mailClassifier } from '@penstock/mail-classifier/service';
import { Bytes, defineTopology } from '@penstock/model';
import { App, Chart } from 'cdk8s';
import { NamespaceBaseline } from '../../../constructs/kubernetes/index.ts';
import type { Manifest } from '../../../constructs/policies/index.ts';

const topology = defineTopology({
  name: 'small',
  queues: { jobs: { arrivalRate: '1/s', doneWithin: '5 minutes' } },
  workers: {
    run: {
      service: { ...mailClassifier, calls: [] },
      queue: 'jobs',
      workTime: { mean: '100 milliseconds', p99: '1 second' },
      resources: { cpu: 0.1, memory: '100 MiB', ephemeralStorage: '1 GB' },
      pinned: { maxReplicas: 3 },
    },
  },
});

const chart = new Chart(new App(), 'namespace');
new NamespaceBaseline(chart, 'baseline', {
  topology,
  name: 'small',
  claims: { count: 1, storage: Bytes.parse('5 GiB') },
});
const manifests = chart.toJson() as Manifest[];
const find = (kind: string, name: string) =>
  manifests.find((each) => each.kind === kind && each.metadata.name === name);

describe('a namespace', () => {
  test('holds its pods to the restricted standard and lies in no namespace itself', () => {
    expect(find('Namespace', 'small')?.metadata.labels).toMatchObject({
      'pod-security.kubernetes.io/enforce': 'restricted',
    });
    expect(find('Namespace', 'small')?.metadata.namespace).toBeUndefined();
  });

  test('has room for every replica, running and terminating, and for the surge of a rollout: 2 * 3 + 1 pods', () => {
    expect(find('ResourceQuota', 'small')?.['spec']).toMatchObject({
      hard: {
        pods: 7,
        'requests.cpu': '700m',
        'requests.memory': '700Mi',
        'limits.memory': '700Mi',
        'requests.ephemeral-storage': '7000000000',
        persistentvolumeclaims: 1,
        'requests.storage': '5Gi',
        'services.loadbalancers': 0,
      },
    });
  });

  test('gives a container that states nothing what the smallest workload has', () => {
    expect(find('LimitRange', 'small')?.['spec']).toMatchObject({
      limits: [
        { default: { memory: '100Mi' }, defaultRequest: { cpu: '100m', memory: '100Mi' }, max: { memory: '100Mi' } },
      ],
    });
  });

  test('denies everything in both directions, and lets every pod ask DNS', () => {
    expect(find('NetworkPolicy', 'default-deny')?.['spec']).toEqual({
      podSelector: {},
      policyTypes: ['Ingress', 'Egress'],
    });
    expect(find('NetworkPolicy', 'allow-dns')?.['spec']).toMatchObject({
      podSelector: {},
      egress: [
        {
          ports: [
            { port: 53, protocol: 'UDP' },
            { port: 53, protocol: 'TCP' },
          ],
        },
      ],
    });
  });
});

test('a namespace whose workloads are all elsewhere lets nothing run, and is closed like any other', () => {
  const empty = new Chart(new App(), 'empty');
  new NamespaceBaseline(empty, 'baseline', {
    topology: { ...topology, workers: {} },
    name: 'small',
    claims: { count: 0, storage: Bytes.parse('0 B') },
  });
  const objects = empty.toJson() as Manifest[];
  const specOf = (kind: string) => objects.find((each) => each.kind === kind)?.['spec'];
  expect(specOf('ResourceQuota')).toMatchObject({ hard: { pods: 0, 'requests.cpu': '0m', 'limits.memory': '0' } });
  expect(specOf('LimitRange')).toMatchObject({ limits: [{ default: { memory: '0' }, max: { memory: '0' } }] });
  expect(objects.map(({ kind }) => kind)).toEqual(manifests.map(({ kind }) => kind));
});
