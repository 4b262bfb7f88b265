import { describe, expect, test } from '@jest/globals';
import type { Resource } from '@pulumi/pulumi';
import { ADDONS, addonsFor } from '../../../charts/addons.ts';
import { type ClusterAddon, ClusterAddons } from '../../../constructs/gcp/cluster-addons.ts';
import { KubernetesAccess } from '../../../constructs/gcp/kubernetes-access.ts';
import type { Manifest } from '../../../constructs/policies/index.ts';
import { CLUSTER, makeCluster } from './platform-parts.ts';
import { type Request, type Requested, request } from './requested.ts';

const object = (apiVersion: string, kind: string): Manifest => ({ apiVersion, kind, metadata: { name: 'a' } });

/** Brokers whose operator has no chart of its makers, and databases beside them whose operators have one. */
const NEEDED = addonsFor([
  object('rabbitmq.com/v1beta1', 'RabbitmqCluster'),
  object('postgresql.cnpg.io/v1', 'Cluster'),
  object('barmancloud.cnpg.io/v1', 'ObjectStore'),
]);

const addons = NEEDED.map(({ name, version, source, namespace = name }): ClusterAddon => {
  if (source.kind === 'manifest') return { name, manifestUrl: source.url };
  return { name, namespace, repository: source.repository, chart: source.chart, version, values: {} };
});

const FILE = 'kubernetes:yaml/v2:ConfigFile';
const OPERATORS = [FILE, 'kubernetes:helm.sh/v3:Release'];

describe('operators that come by charts, and as one file of objects', () => {
  const asked: Promise<Request> = request((options) => {
    const cluster = makeCluster(CLUSTER, options);
    new ClusterAddons('shop', { access: new KubernetesAccess('shop', { cluster }, options), addons }, options);
  });
  const operators = async () => (await asked).all.filter(({ type }) => OPERATORS.includes(type));
  const namesBefore = ({ options }: Requested) =>
    (options.dependsOn as readonly Resource[]).map((each) => (each as { readonly __name?: string }).__name);

  test('have that of RabbitMQ from its release, the version that its address names', async () => {
    const { inputs } = (await asked).the(FILE, 'rabbitmq-operator');
    expect(inputs).toEqual({ file: expect.stringMatching(/^https:\/\/github\.com\/.*\.ya?ml$/) });
    expect(inputs['file']).toContain(`/v${ADDONS['rabbitmq-operator'].version}/`);
  });

  test('come one after the other, each after what signs for its webhooks and what it extends', async () => {
    const made = await operators();
    const order = made.map(({ name }) => name);
    expect(order).toEqual(['cert-manager', 'cloudnative-pg', 'barman-cloud', 'rabbitmq-operator']);
    expect(made.map(namesBefore)).toEqual([[], ['cert-manager'], ['cloudnative-pg'], ['barman-cloud']]);
  });

  test('are applied to the cluster of the platform, by whoever deploys', async () => {
    const access = (await asked).the('pulumi:providers:kubernetes');
    for (const { options } of await operators()) {
      const { provider } = options as { readonly provider?: { readonly __name?: string } };
      expect(provider?.__name).toBe(access.name);
    }
  });
});
