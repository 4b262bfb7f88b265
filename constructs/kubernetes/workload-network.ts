import type { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import type { Override } from './api-object.ts';
import { selectorLabels } from './labels.ts';
import { NatsService } from './nats-service.ts';
import { type Flow, networkPolicy, tcp } from './network-flow.ts';
import type { Traffic } from './traffic.ts';
import { metadataOf, type Workload, type WorkloadContext } from './workload.ts';

/** A workload that says whom it hears and speaks to. */
export interface NetworkedWorkload {
  readonly context: WorkloadContext<Workload>;
  readonly traffic: Traffic;
}

export interface WorkloadNetworkProps {
  readonly workloads: readonly NetworkedWorkload[];
  readonly nats: NatsService;
  /** The namespace that scrapes `/metrics`. */
  readonly monitoringNamespace: string;
  /** By the id of the workload. */
  readonly overrides?: Readonly<Record<string, Override>>;
}

/**
 * One policy a workload, on top of the namespace's default deny: the broker for whoever takes or publishes, the engines
 * that it calls, its own callers, whatever else it says that it reaches, and a scrape where it has metrics. That KEDA
 * reaches NATS is for NATS's namespace to allow.
 */
export class WorkloadNetwork extends Construct {
  /** By the id of the workload; one that neither hears nor speaks has none. */
  readonly nodes: Readonly<Record<string, ApiObject>>;
  readonly #workloads: readonly NetworkedWorkload[];

  constructor(scope: Construct, id: string, props: WorkloadNetworkProps) {
    super(scope, id);
    const { workloads, nats, monitoringNamespace, overrides } = props;
    this.#workloads = workloads;
    const byId = new Map(workloads.map((each) => [each.context.workload.id, each] as const));
    const callersOf = Map.groupBy(
      workloads.flatMap((caller) => (caller.traffic.calls ?? []).map((callee) => ({ caller, callee }))),
      ({ callee }) => callee,
    );
    const broker: Flow = {
      peer: { namespace: nats.namespace, pods: nats.podLabels },
      ports: [tcp(NatsService.clientPort)],
    };
    const rulesOf = ({ context, traffic }: NetworkedWorkload) => {
      const { opsPort, httpPort, callers = [], usesBroker = false, calls = [], reaches = [], amongItself } = traffic;
      const itself: readonly Flow[] =
        amongItself === undefined ? [] : [{ peer: { pods: podsOf({ context }) }, ports: amongItself }];
      const peers = [
        ...(callersOf.get(context.workload.id) ?? []).map(({ caller }) => ({ pods: podsOf(caller) })),
        ...callers,
      ];
      const ingress = [
        ...(opsPort === undefined ? [] : [{ peer: { namespace: monitoringNamespace }, ports: [tcp(opsPort)] }]),
        ...(httpPort === undefined ? [] : peers.map((peer) => ({ peer, ports: [tcp(httpPort)] }))),
        ...itself,
      ];
      const egress = [
        ...(usesBroker ? [broker] : []),
        ...calls.flatMap((callee) => engineFlow(byId.get(callee))),
        ...reaches,
        ...itself,
      ];
      // Where it does nothing, the default deny has said all there is to say.
      return {
        pods: podsOf({ context }),
        ...(ingress.length === 0 ? {} : { ingress }),
        ...(egress.length === 0 ? {} : { egress }),
      };
    };
    this.nodes = Object.fromEntries(
      workloads.flatMap((each) => {
        const { id: name } = each.context.workload;
        const rules = rulesOf(each);
        if (rules.ingress === undefined && rules.egress === undefined) return [];
        return [[name, networkPolicy(this, name, metadataOf(each.context), rules, overrides?.[name])] as const];
      }),
    );
  }

  /** Labels of the pods of each workload that is let out by a flow: what its other end has to let in. */
  sendersTo(flow: Flow): readonly Readonly<Record<string, string>>[] {
    const wanted = JSON.stringify(flow);
    return this.#workloads
      .filter(({ traffic }) => traffic.reaches?.some((each) => JSON.stringify(each) === wanted))
      .map(podsOf);
  }
}

const engineFlow = (engine: NetworkedWorkload | undefined): readonly Flow[] =>
  engine?.traffic.httpPort === undefined
    ? []
    : [{ peer: { pods: podsOf(engine) }, ports: [tcp(engine.traffic.httpPort)] }];

const podsOf = ({ context }: Pick<NetworkedWorkload, 'context'>) => selectorLabels(context.topology, context.workload);
