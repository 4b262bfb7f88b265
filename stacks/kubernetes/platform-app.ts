import { Bytes, GPU_MACHINES, type Topology } from '@penstock/model';
import { App } from 'cdk8s';
import { EdgeChart, type ExposedServer } from '../../charts/edge.ts';
import { MessagingChart } from '../../charts/messaging.ts';
import { NamespaceChart } from '../../charts/namespace.ts';
import { ObservabilityChart } from '../../charts/observability.ts';
import { WorkloadsChart } from '../../charts/workloads.ts';
import { Binding } from '../../constructs/binding.ts';
import { ConstructError } from '../../constructs/errors.ts';
import { ImageReference, Weights } from '../../constructs/kubernetes/index.ts';
import type { KubernetesEnvironment, WeightsPlace } from '../environments/index.ts';
import { brokerOf } from './broker.ts';

/**
 * The charts of a platform in the order in which they have to be applied, which their ids begin with: cdk8s names its
 * files by them. Said as dependencies between charts it would be one from each object to each of the chart before.
 */
export function platformApp(topology: Topology, environment: KubernetesEnvironment, outdir?: string): App {
  const app = new App(outdir === undefined ? {} : { outdir });
  const { namespace } = environment;
  const effects = { storageClass: environment.effects.storageClass, size: Bytes.parse(environment.effects.size) };
  const stated = <T>(section: 'images' | 'weights' | 'machines', from: Readonly<Record<string, T>>, key: string): T => {
    const value = from[key];
    if (value !== undefined) return value;
    throw new ConstructError(
      'reference-missing',
      `environment ${environment.name}`,
      `no ${section}[${JSON.stringify(key)}]`,
    );
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
    imageOf: (service) => ImageReference.parse(stated('images', environment.images, service)),
    weightsOf: (engine) => weightsAt(stated('weights', environment.weights, engine)),
    machineOf: (engine) => {
      if (topology.engines[engine]?.accelerator === 'cpu') return undefined;
      const name = stated('machines', environment.machines ?? {}, engine);
      return GPU_MACHINES.find((machine) => machine.name === name);
    },
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
    broker: { nats, streamSize: Bytes.parse(environment.streamSize) },
    ...(environment.runbooks === undefined ? {} : { runbooks: { url: environment.runbooks } }),
  });
  const [exposed, ...others] = exposedServers(environment, workloads);
  if (environment.edge !== undefined && exposed !== undefined) {
    const { className, issuer, dataPlaneNamespace } = environment.edge;
    const edge = { topology, namespace, className, issuer, dataPlaneNamespace, servers: [exposed, ...others] } as const;
    new EdgeChart(app, '5-edge', edge);
  }
  return app;
}

function weightsAt(place: WeightsPlace): Weights {
  if (typeof place === 'string') return Weights.image(ImageReference.parse(place));
  return 'volume' in place
    ? Weights.volume(Binding.of(place.volume))
    : Weights.cloudStorage(Binding.of(place.bucket), Bytes.parse(place.cache));
}

function exposedServers({ name, edge }: KubernetesEnvironment, workloads: WorkloadsChart): readonly ExposedServer[] {
  return Object.entries(edge?.servers ?? {}).map(([id, { hostname, match }]) => {
    const server = workloads.engines[id] ?? workloads.httpServices[id];
    if (server === undefined)
      throw new ConstructError(
        'reference-missing',
        `environment ${name}`,
        `no engine or service ${JSON.stringify(id)}`,
      );
    return { server, hostname: Binding.of(hostname), match };
  });
}
