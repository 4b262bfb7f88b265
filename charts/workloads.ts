import type {
  Bytes,
  GpuMachine,
  ResolvedHttpService,
  ResolvedMigration,
  ResolvedQueue,
  ResolvedSchedule,
  ResolvedWorker,
  Topology,
} from '@penstock/model';
import { Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import type { Binding } from '../constructs/binding.ts';
import {
  CronWork,
  EffectVolume,
  type Flow,
  HttpService,
  type ImageReference,
  InferenceServer,
  jetStreamArrivals,
  jetStreamLag,
  Migration,
  type NatsAccess,
  type NatsService,
  NatsUser,
  type Peer,
  prometheusRate,
  QueueAutoscaler,
  SyncedSecret,
  type SyncedSecretProps,
  type TraceService,
  TriggerAuthentication,
  type Weights,
  Worker,
  type WorkerProps,
  type Workload,
  type WorkloadContext,
  WorkloadNetwork,
} from '../constructs/kubernetes/index.ts';

/** By the id of the engine, and by that of who calls it. */
export type OutsideEngines = Readonly<Record<string, Readonly<Record<string, Binding<string>>>>>;

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
  /** The machine behind the nodes of an engine on GPUs; asked for those alone. @default - there is no such engine */
  readonly machineOf?: (engine: string) => GpuMachine | undefined;
  /** Engines that something outside of the cluster serves, by their ids: where each of their callers finds them. @default - none */
  readonly outsideEngines?: OutsideEngines;
  /** What a workload asks for beside its bus, effects and engines. @default - nothing */
  readonly addressesOf?: (workload: string) => Readonly<Record<string, Binding<string>>>;
  readonly effects: { readonly storageClass: string; readonly size: Bytes };
  /** The namespace that scrapes. @default 'monitoring' */
  readonly monitoringNamespace?: string;
  /** By what a cloud knows the account of a workload. @default - no cloud does */
  readonly accountOf?: (workload: string) => WorkloadContext<Workload>['account'];
  /** Secrets that a workload reads as files. @default - none */
  readonly secretsOf?: (workload: string) => Pick<SyncedSecretProps, 'store' | 'files'> | undefined;
  /** What a workload speaks to outside of the topology, e.g. a database. @default - nothing */
  readonly reachesOf?: (workload: string) => readonly Flow[];
  /** Who calls a service beside routes of the gateway. @default - nobody */
  readonly callersOf?: (service: string) => readonly Peer[];
  /** Where spans go. @default - nobody traces */
  readonly traces?: TraceService;
  /** Where KEDA asks how fast work comes to each queue. @default - workers are scaled by their backlog alone */
  readonly prometheus?: {
    readonly server: Binding<string>;
    /** Who KEDA is to it. @default - it asks nobody */
    readonly identity?: { readonly provider: 'gcp' };
  };
}

/** Migrations first, then engines, those that call them, each worker with its effects and its scaler, and the network. */
export class WorkloadsChart extends Chart {
  /** By the id of the migration. */
  readonly migrations: Readonly<Record<string, Migration>>;
  /** By the id of the engine. */
  readonly engines: Readonly<Record<string, InferenceServer>>;
  /** By the id of the worker. */
  readonly workers: Readonly<Record<string, Worker>>;
  /** By the id of the service. */
  readonly httpServices: Readonly<Record<string, HttpService>>;
  /** By the id of the schedule. */
  readonly schedules: Readonly<Record<string, CronWork>>;
  readonly network: WorkloadNetwork;
  /** One for all scalers. */
  #prometheusUser: TriggerAuthentication<'prometheus'> | undefined;

  constructor(scope: Construct, id: string, props: WorkloadsChartProps) {
    super(scope, id, { namespace: props.namespace });
    const { topology, namespace, nats } = props;
    this.migrations = each(topology.migrations, (migration) => this.#migration(migration, props));
    this.engines = each(insideOf(topology, props.outsideEngines).engines, (engine) => {
      const machine = engine.accelerator === 'cpu' ? undefined : props.machineOf?.(engine.id);
      return new InferenceServer(this, engine.id, {
        context: contextOf(engine, props),
        namespace,
        weights: props.weightsOf(engine.id),
        ...(machine === undefined ? {} : { machine }),
        ...(props.traces === undefined ? {} : { traces: props.traces }),
      });
    });
    this.workers = each(topology.workers, (worker) => this.#worker(worker, props));
    this.httpServices = each(topology.httpServices, (service) => this.#httpService(service, props));
    this.schedules = each(topology.schedules, (schedule) => this.#cronWork(schedule, props));
    const sections = [this.workers, this.engines, this.httpServices, this.schedules, this.migrations] as const;
    const workloads = sections.flatMap((section) => Object.values<(typeof section)[string]>(section));
    this.network = new WorkloadNetwork(this, 'network', {
      workloads,
      nats,
      monitoringNamespace: props.monitoringNamespace ?? 'monitoring',
    });
  }

  #migration(workload: ResolvedMigration, props: WorkloadsChartProps): Migration {
    return new Migration(this, workload.id, {
      context: contextOf(workload, props),
      addresses: props.addressesOf?.(workload.id) ?? {},
      secrets: this.#kept(workload.id, props),
      reaches: props.reachesOf?.(workload.id) ?? [],
    });
  }

  #kept(id: string, { topology, secretsOf }: WorkloadsChartProps): readonly SyncedSecret[] {
    const kept = secretsOf?.(id);
    const name = workloadSecrets(id);
    return kept === undefined ? [] : [new SyncedSecret(this, name, { topology, name, ...kept })];
  }

  /** How one that takes from a queue or publishes to one gets to it, and who it is there. */
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

  #worker(workload: ResolvedWorker, props: WorkloadsChartProps): Worker {
    const { topology, nats } = props;
    const { id } = workload;
    const context = contextOf(workload, props);
    const { bus, secrets = [] } = this.#bus(id, props);
    const worker = new Worker(this, id, {
      context,
      bus,
      secrets: [...secrets, ...this.#kept(id, props)],
      ...this.#dealings(workload, props),
      effects: new EffectVolume(this, `${id}-effects`, { context, ...props.effects }),
    });
    const queue = topology.queues[workload.queue] as ResolvedQueue;
    new QueueAutoscaler(this, `${id}-autoscaler`, {
      worker,
      backlog: jetStreamLag(nats, queue, workload),
      ...this.#arrivals(props, jetStreamArrivals(nats, queue), workload),
    });
    return worker;
  }

  #arrivals({ prometheus, topology }: WorkloadsChartProps, query: string, { ratePerReplica }: ResolvedWorker) {
    if (prometheus === undefined) return {};
    const { server, identity } = prometheus;
    if (identity === undefined) return { arrivals: prometheusRate({ server, query, ratePerReplica }) };
    this.#prometheusUser ??= new TriggerAuthentication(this, 'arrivals-reader', {
      topology,
      name: 'prometheus',
      trigger: 'prometheus',
      credentials: { from: 'pod-identity', identity },
    });
    const access = { by: 'pod-identity', authentication: this.#prometheusUser } as const;
    return { arrivals: prometheusRate({ server, query, ratePerReplica, access }) };
  }

  #httpService(workload: ResolvedHttpService, props: WorkloadsChartProps): HttpService {
    return new HttpService(this, workload.id, {
      context: contextOf(workload, props),
      namespace: props.namespace,
      ...this.#publishing(workload, props),
      ...this.#dealings(workload, props),
      callers: props.callersOf?.(workload.id) ?? [],
    });
  }

  #cronWork(workload: ResolvedSchedule, props: WorkloadsChartProps): CronWork {
    return new CronWork(this, workload.id, {
      context: contextOf(workload, props),
      ...this.#publishing(workload, props),
      ...this.#dealings(workload, props),
    });
  }

  /** No bus for a service that publishes nothing: there is no key of it either. */
  #publishing({ id, publishes }: ResolvedHttpService | ResolvedSchedule, props: WorkloadsChartProps) {
    const kept = this.#kept(id, props);
    if (publishes.length === 0) return { secrets: kept };
    const { bus, secrets = [] } = this.#bus(id, props);
    return { bus, secrets: [...secrets, ...kept] };
  }

  /** Where a workload finds those that it deals with. */
  #dealings(
    {
      id,
      calls,
    }: { readonly id: string; readonly calls: readonly { readonly role: string; readonly engine: string }[] },
    props: WorkloadsChartProps,
  ) {
    const engines = calls.flatMap(({ role, engine }) => {
      const address = this.engines[engine]?.address ?? props.outsideEngines?.[engine]?.[id];
      return address === undefined ? [] : [[role, address] as const];
    });
    return {
      engines: Object.fromEntries(engines),
      addresses: { ...props.addressesOf?.(id), ...props.traces?.addresses },
      reaches: [...(props.reachesOf?.(id) ?? []), ...(props.traces === undefined ? [] : [props.traces.flow])],
    };
  }
}

/** Of the files that a workload reads, by its id. */
export const workloadSecrets = (id: string): string => `${id}-secrets`;

/** What of a topology the cluster itself runs; by the same fingerprint, for it is the same declaration. */
export const insideOf = (topology: Topology, outside: Readonly<Record<string, unknown>> = {}): Topology => ({
  ...topology,
  engines: Object.fromEntries(Object.entries(topology.engines).filter(([id]) => !Object.hasOwn(outside, id))),
});

const each = <W, C>(section: Readonly<Record<string, W>>, create: (workload: W) => C): Readonly<Record<string, C>> =>
  Object.fromEntries(Object.entries(section).map(([id, workload]) => [id, create(workload)]));

const contextOf = <W extends Workload>(
  workload: W,
  { topology, imageOf, accountOf }: WorkloadsChartProps,
): WorkloadContext<W> => {
  const account = accountOf?.(workload.id);
  return {
    topology,
    workload,
    image: imageOf(workload.service.name),
    ...(account === undefined ? {} : { account }),
  };
};
