import type { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import type { Override } from './api-object.ts';
import type { InferenceServer } from './inference-server.ts';
import { selectorLabels } from './labels.ts';
import { NatsService } from './nats-service.ts';
import { networkPolicy, tcp } from './network-flow.ts';
import type { Worker } from './worker.ts';
import { metadataOf } from './workload.ts';

export interface WorkloadNetworkProps {
  /** Each as a deployment or as jobs. */
  readonly workers: readonly Pick<Worker, 'context'>[];
  readonly engines: readonly InferenceServer[];
  readonly nats: NatsService;
  /** The namespace that scrapes `/metrics`. */
  readonly monitoringNamespace: string;
  /** By the id of the workload. */
  readonly overrides?: Readonly<Record<string, Override>>;
}

/**
 * One policy a workload, on top of the namespace's default deny: a worker reaches its broker and the engines it calls;
 * an engine is reached by its callers; both are scraped. That KEDA reaches NATS is for NATS's namespace to allow.
 */
export class WorkloadNetwork extends Construct {
  /** By the id of the workload. */
  readonly nodes: Readonly<Record<string, ApiObject>>;

  constructor(scope: Construct, id: string, props: WorkloadNetworkProps) {
    super(scope, id);
    const { nats, overrides } = props;
    const scrape = (ops: number) => ({ peer: { namespace: props.monitoringNamespace }, ports: [tcp(ops)] });
    const workers = props.workers.map(({ context }) => {
      const { topology, workload } = context;
      const broker = {
        peer: { namespace: nats.namespace, pods: nats.podLabels },
        ports: [tcp(NatsService.clientPort)],
      };
      const calls = props.engines
        .filter((engine) => workload.calls.some((call) => call.engine === engine.context.workload.id))
        .map((engine) => ({
          peer: { pods: selectorLabels(topology, engine.context.workload) },
          ports: [tcp(engine.context.workload.service.ports.http)],
        }));
      const rules = {
        pods: selectorLabels(topology, workload),
        ingress: [scrape(workload.service.ports.ops)],
        egress: [broker, ...calls],
      };
      return [
        workload.id,
        networkPolicy(this, workload.id, metadataOf(context), rules, overrides?.[workload.id]),
      ] as const;
    });
    const engines = props.engines.map(({ context }) => {
      const { topology, workload } = context;
      const callers = props.workers
        .filter((worker) => worker.context.workload.calls.some((call) => call.engine === workload.id))
        .map((worker) => ({
          peer: { pods: selectorLabels(topology, worker.context.workload) },
          ports: [tcp(workload.service.ports.http)],
        }));
      const rules = {
        pods: selectorLabels(topology, workload),
        ingress: [scrape(workload.service.ports.ops), ...callers],
      };
      return [
        workload.id,
        networkPolicy(this, workload.id, metadataOf(context), rules, overrides?.[workload.id]),
      ] as const;
    });
    this.nodes = Object.fromEntries([...workers, ...engines]);
  }
}
