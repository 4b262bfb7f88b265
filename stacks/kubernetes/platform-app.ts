import { Bytes, type Topology } from '@penstock/model';
import { App } from 'cdk8s';
import { EdgeChart, type ExposedEngine } from '../../charts/edge.ts';
import { MessagingChart } from '../../charts/messaging.ts';
import { NamespaceChart } from '../../charts/namespace.ts';
import { ObservabilityChart } from '../../charts/observability.ts';
import { WorkloadsChart } from '../../charts/workloads.ts';
import { Binding } from '../../constructs/binding.ts';
import { ConstructError } from '../../constructs/errors.ts';
import { ImageReference } from '../../constructs/kubernetes/index.ts';
import type { KubernetesEnvironment } from '../environments/index.ts';
import { brokerOf } from './broker.ts';

/**
 * The charts of a platform in the order in which they have to be applied, which their ids begin with: cdk8s names its
 * files by them. Said as dependencies between charts it would be one from each object to each of the chart before.
 */
export function platformApp(topology: Topology, environment: KubernetesEnvironment, outdir?: string): App {
  const app = new App(outdir === undefined ? {} : { outdir });
  const { namespace } = environment;
  const effects = { storageClass: environment.effects.storageClass, size: Bytes.parse(environment.effects.size) };
  const image = (section: 'images' | 'weights') => (key: string) => {
    const text = environment[section][key];
    if (text === undefined)
      throw new ConstructError(
        'reference-missing',
        `environment ${environment.name}`,
        `no ${section}[${JSON.stringify(key)}]`,
      );
    return ImageReference.parse(text);
  };
  new NamespaceChart(app, '0-namespace', { topology, namespace, effectsSize: effects.size });
  const broker = brokerOf(app, '1-broker', topology, environment);
  const { nats } = broker;
  const access = broker.access === undefined ? {} : { access: broker.access };
  new MessagingChart(app, '2-messaging', {
    topology,
    namespace,
    nats,
    ...access,
    streamSize: Bytes.parse(environment.streamSize),
  });
  const workloads = new WorkloadsChart(app, '3-workloads', {
    topology,
    namespace,
    nats,
    ...access,
    imageOf: image('images'),
    weightsOf: image('weights'),
    addressesOf: (worker) =>
      Object.fromEntries(
        Object.entries(environment.addresses[worker] ?? {}).map(([name, value]) => [name, Binding.of(value)]),
      ),
    effects,
    monitoringNamespace: environment.monitoringNamespace,
    ...(environment.prometheus === undefined ? {} : { prometheus: Binding.of(environment.prometheus) }),
  });
  new ObservabilityChart(app, '4-observability', {
    topology,
    namespace,
    nats,
    streamSize: Bytes.parse(environment.streamSize),
    ...(environment.runbooks === undefined ? {} : { runbooks: { url: environment.runbooks } }),
  });
  const [exposed, ...others] = exposedEngines(environment, workloads);
  if (environment.edge !== undefined && exposed !== undefined) {
    const { className, issuer, dataPlaneNamespace } = environment.edge;
    const edge = { topology, namespace, className, issuer, dataPlaneNamespace, engines: [exposed, ...others] } as const;
    new EdgeChart(app, '5-edge', edge);
  }
  return app;
}

function exposedEngines({ name, edge }: KubernetesEnvironment, workloads: WorkloadsChart): readonly ExposedEngine[] {
  return Object.entries(edge?.engines ?? {}).map(([engine, { hostname, match }]) => {
    const server = workloads.engines[engine];
    if (server === undefined)
      throw new ConstructError('reference-missing', `environment ${name}`, `no engine ${JSON.stringify(engine)}`);
    return { server, hostname: Binding.of(hostname), match };
  });
}
