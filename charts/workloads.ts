import type { Bytes, GpuMachine, ResolvedQueue, Topology } from '@penstock/model';
import { Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import type { Binding } from '../constructs/binding.ts';
import {
  EffectVolume,
  type ImageReference,
  InferenceServer,
  jetStreamArrivals,
  jetStreamLag,
  type NatsAccess,
  type NatsService,
  NatsUser,
  prometheusRate,
  QueueAutoscaler,
  type Weights,
  Worker,
  type WorkerProps,
  WorkloadNetwork,
} from '../constructs/kubernetes/index.ts';

export interface WorkloadsChartProps {
  readonly topology: Topology;
  readonly namespace: string;
  readonly nats: NatsService;
  /** @default - the servers let anyone in */
  readonly access?: NatsAccess;
  /** Image of a service by the name it declares. @throws {ConstructError} when there is none */
  readonly imageOf: (service: string) => ImageReference;
  /** The model files of an engine by its id. @throws {ConstructError} when there are none */
  readonly weightsOf: (engine: string) => Weights;
  /** The machine behind the nodes of an engine on GPUs. @default - there is no such engine */
  readonly machineOf?: (engine: string) => GpuMachine | undefined;
  /** What a worker asks for beside its bus, effects and engines. */
  readonly addressesOf: (worker: string) => Readonly<Record<string, Binding<string>>>;
  readonly effects: { readonly storageClass: string; readonly size: Bytes };
  readonly monitoringNamespace: string;
  /** Where KEDA asks how fast work comes to each queue. @default - workers are scaled by their backlog alone */
  readonly prometheus?: Binding<string>;
}

/** Engines first, then the workers that call them, each worker with its effects and its scaler. */
export class WorkloadsChart extends Chart {
  /** By the id of the engine. */
  readonly engines: Readonly<Record<string, InferenceServer>>;
  /** By the id of the worker. */
  readonly workers: Readonly<Record<string, Worker>>;

  constructor(scope: Construct, id: string, props: WorkloadsChartProps) {
    super(scope, id, { namespace: props.namespace });
    const { topology, namespace, nats } = props;
    this.engines = Object.fromEntries(
      Object.values(topology.engines).map((engine) => {
        const context = { topology, workload: engine, image: props.imageOf(engine.service.name) };
        const machine = props.machineOf?.(engine.id);
        const server = new InferenceServer(this, engine.id, {
          context,
          namespace,
          weights: props.weightsOf(engine.id),
          ...(machine === undefined ? {} : { machine }),
        });
        return [engine.id, server];
      }),
    );
    this.workers = Object.fromEntries(
      Object.values(topology.workers).map((worker) => [worker.id, this.#worker(worker.id, props)]),
    );
    new WorkloadNetwork(this, 'network', {
      workers: Object.values(this.workers),
      engines: Object.values(this.engines),
      nats,
      monitoringNamespace: props.monitoringNamespace,
    });
  }

  #bus(id: string, { topology, nats, access }: WorkloadsChartProps): Pick<WorkerProps, 'bus' | 'secrets'> {
    if (access === undefined) return { bus: nats.clientUrl };
    const user = new NatsUser(this, `${id}-nats`, {
      topology,
      name: `${id}-nats`,
      nats,
      access,
      seed: access.seedOf(id),
    });
    return { bus: user.address, secrets: [user.secret] };
  }

  #worker(id: string, props: WorkloadsChartProps): Worker {
    const { topology, nats } = props;
    const workload = topology.workers[id] as Topology['workers'][string];
    const context = { topology, workload, image: props.imageOf(workload.service.name) };
    const engines = workload.calls.flatMap(({ role, engine }) => {
      const server = this.engines[engine];
      return server === undefined ? [] : [[role, server.address] as const];
    });
    const worker = new Worker(this, id, {
      context,
      ...this.#bus(id, props),
      effects: new EffectVolume(this, `${id}-effects`, { context, ...props.effects }),
      engines: Object.fromEntries(engines),
      addresses: props.addressesOf(id),
    });
    const queue = topology.queues[workload.queue] as ResolvedQueue;
    new QueueAutoscaler(this, `${id}-autoscaler`, {
      worker,
      backlog: jetStreamLag(nats, queue, workload),
      ...(props.prometheus === undefined
        ? {}
        : {
            arrivals: prometheusRate({
              server: props.prometheus,
              query: jetStreamArrivals(nats, queue),
              ratePerReplica: workload.ratePerReplica,
            }),
          }),
    });
    return worker;
  }
}
