import { Bytes, GPU_MACHINES, type Topology } from '@penstock/model';
import { App } from 'cdk8s';
import { EdgeChart, type ExposedServer } from '../../charts/edge.ts';
import { platformCharts } from '../../charts/platform.ts';
import type { WorkloadsChart, WorkloadsChartProps } from '../../charts/workloads.ts';
import { Binding } from '../../constructs/binding.ts';
import { ConstructError } from '../../constructs/errors.ts';
import { ImageReference, Weights } from '../../constructs/kubernetes/index.ts';
import { SecretReference } from '../../constructs/secret-reference.ts';
import type { CloudPrometheus, KubernetesEnvironment, WeightsPlace, WorkloadSecrets } from '../environments/index.ts';
import { brokerOf } from './broker.ts';
import { tracesOf } from './traces.ts';

/** Everything of a platform in one cluster: its charts, and by what its environment says a broker and a way in. */
export function platformApp(topology: Topology, environment: KubernetesEnvironment, outdir?: string): App {
  const app = new App(outdir === undefined ? {} : { outdir });
  const { namespace } = environment;
  const stated = <T>(section: 'images' | 'weights' | 'machines', from: Readonly<Record<string, T>>, key: string): T => {
    const value = from[key];
    if (value !== undefined) return value;
    throw new ConstructError(
      'reference-missing',
      `environment ${environment.name}`,
      `no ${section}[${JSON.stringify(key)}]`,
    );
  };
  const traces = tracesOf(topology, environment);
  const broker = brokerOf(app, '0-broker', topology, environment);
  const { workloads } = platformCharts(app, {
    topology,
    namespace,
    nats: broker.nats,
    ...(broker.access === undefined ? {} : { access: broker.access }),
    streamSize: Bytes.parse(environment.streamSize),
    imageOf: (service) => ImageReference.parse(stated('images', environment.images, service)),
    weightsOf: (engine) => weightsAt(stated('weights', environment.weights, engine)),
    machineOf: (engine) => {
      const name = stated('machines', environment.machines ?? {}, engine);
      return GPU_MACHINES.find((machine) => machine.name === name);
    },
    outsideEngines: Object.fromEntries(
      Object.entries(environment.outsideEngines ?? {}).map(([engine, addresses]) => [engine, bound(addresses)]),
    ),
    addressesOf: (workload) => bound(environment.addresses[workload] ?? {}),
    accountOf: (workload) => {
      const account = environment.accounts?.[workload];
      return account === undefined ? undefined : bound(account);
    },
    secretsOf: (workload) => {
      const kept = environment.secrets?.[workload];
      return kept === undefined ? undefined : { store: kept.store, files: references(kept.files) };
    },
    reachesOf: (workload) => environment.reaches?.[workload] ?? [],
    effects: { storageClass: environment.effects.storageClass, size: Bytes.parse(environment.effects.size) },
    monitoringNamespace: environment.monitoringNamespace,
    ...(environment.prometheus === undefined ? {} : { prometheus: prometheusAt(environment.prometheus) }),
    ...(traces === undefined ? {} : { traces }),
    ...(environment.collector === undefined ? {} : { collector: environment.collector }),
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

const prometheusAt = (place: string | CloudPrometheus): NonNullable<WorkloadsChartProps['prometheus']> =>
  typeof place === 'string'
    ? { server: Binding.of(place) }
    : { server: Binding.of(place.url), identity: { provider: place.identity } };

const bound = (texts: Readonly<Record<string, string>>): Readonly<Record<string, Binding<string>>> =>
  Object.fromEntries(Object.entries(texts).map(([name, value]) => [name, Binding.of(value)]));

const references = (files: WorkloadSecrets['files']): Readonly<Record<string, SecretReference>> =>
  Object.fromEntries(
    Object.entries(files).map(([file, { key, ...rest }]) => [
      file,
      SecretReference.inStore({ key: Binding.of(key), ...rest }),
    ]),
  );

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
