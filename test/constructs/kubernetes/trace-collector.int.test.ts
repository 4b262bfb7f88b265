import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openBusAdmin } from '@penstock/kit';
import { provisionJobStore } from '@penstock/kit/jobs';
import {
  declareWorker,
  defineTopology,
  encodeProfile,
  httpServiceProfile,
  PROFILE_VARIABLE,
  Rate,
  type RateText,
  type Topology,
  traceLoad,
  workerProfile,
} from '@penstock/model';
import { taskQueue } from '@penstock/task-queue/service';
import { Binding } from '../../../constructs/binding.ts';
import { type TraceBackend, traceCollectorConfig } from '../../../constructs/kubernetes/index.ts';
import { prometheusAt } from '../../../constructs/kubernetes/monitoring/trace-collector-config.ts';
import { TRACE_METRICS } from '../../../constructs/monitoring/promql.ts';
import { endProcess } from '../../helpers/end-process.ts';
import { freePorts } from '../../helpers/free-ports.ts';
import { faultsOfConfig, Otelcol, otelcolRequirement } from '../../helpers/otelcol.ts';
import { describeWith } from '../../helpers/requirement.ts';
import { TracePeer } from '../../helpers/trace-peer.ts';
import { TASKS } from '../../services/task-queue/desk-fixture.ts';
import { type DrawnSpan, drawnTrace, sendSpans } from './drawn-spans.ts';

// OpenTelemetry's own collector, with the configuration that is synthesized: on the loopback, and with a peer that shows
// what it was sent in the place of the back end.

const MAIN = fileURLToPath(new URL('../../../services/task-queue/src/main.ts', import.meta.url));
const WORKER = fileURLToPath(new URL('./traced-worker.ts', import.meta.url));

const topology = defineTopology({
  name: 'shop',
  queues: { orders: { arrivalRate: '1/s', doneWithin: '10 minutes' } },
  workers: {
    shipper: {
      service: declareWorker({ name: 'shipper', payload: 'job.v1', calls: [] }),
      queue: 'orders',
      // Ordinary work stays far below it, however busy the machine is.
      workTime: { mean: '1 second', p99: '60 seconds' },
      calls: {},
    },
  },
  httpServices: {
    front: {
      service: taskQueue,
      arrivalRate: '1/s',
      requestTime: { mean: '1 second', p99: '60 seconds' },
      requestsAtOnce: 64,
      doneWithin: '2 minutes',
      publishes: { jobs: { queue: 'orders' } },
    },
  },
});

const OTLP: TraceBackend = { kind: 'otlp', endpoint: Binding.of('http://tempo.tracing.svc.cluster.local:4318') };

/** So busy that nothing of what is sent at once here is refused. */
const busy = defineTopology({
  name: 'shop',
  queues: { orders: { arrivalRate: '250/s', doneWithin: '10 minutes' } },
  workers: {
    shipper: {
      service: declareWorker({ name: 'shipper', payload: 'job.v1', calls: [] }),
      queue: 'orders',
      workTime: { mean: '1 second', p99: '5 seconds' },
      calls: {},
    },
  },
});

const configFor = (kept: RateText, backend: TraceBackend = OTLP, of: Topology = topology): string =>
  traceCollectorConfig({
    load: traceLoad(of, Rate.parse(kept)),
    backend,
    resource: { 'service.namespace': 'shop', 'deployment.environment.name': 'test' },
    peers: 'shop-traces-peers.shop.svc.cluster.local',
  });

const DECISIONS = 'otelcol_processor_tail_sampling_global_count_traces_sampled_total';

interface Replica {
  readonly url: string;
  readonly ops: string;
}

describeWith(otelcolRequirement(), 'the collector of traces', () => {
  let peer: TracePeer;
  let opened: AsyncDisposableStack;

  beforeEach(async () => {
    opened = new AsyncDisposableStack();
    peer = opened.use(await TracePeer.listen());
  });
  afterEach(() => opened.disposeAsync());

  /** Replicas that know each other; only addresses are not those of the cluster. */
  async function start(kept: RateText, replicas = 1, of: Topology = topology): Promise<readonly Replica[]> {
    const ports = await freePorts(4 * replicas);
    const at = (replica: number, port: number): string => `127.0.0.1:${ports[4 * replica + port]}`;
    const all = Array.from({ length: replicas }, (_, n) => n);
    return Promise.all(
      all.map(async (n) => {
        const here = {
          extensions: { health_check: { endpoint: at(n, 0) } },
          receivers: {
            otlp: { protocols: { http: { endpoint: at(n, 1) } } },
            'otlp/peers': { protocols: { grpc: { endpoint: at(n, 2) } } },
          },
          exporters: {
            load_balancing: { resolver: { dns: null, static: { hostnames: all.map((each) => at(each, 2)) } } },
            otlp_http: { traces_endpoint: `${peer.url}/v1/traces`, encoding: 'json' },
          },
          service: {
            telemetry: {
              metrics: {
                readers: [
                  { pull: { exporter: { prometheus: prometheusAt('127.0.0.1', ports[4 * n + 3] as number) } } },
                ],
              },
            },
          },
        };
        opened.use(await Otelcol.start([configFor(kept, OTLP, of), here], `http://${at(n, 0)}`));
        return { url: `http://${at(n, 1)}`, ops: `http://${at(n, 3)}/metrics` };
      }),
    );
  }

  /** Sends what is certainly kept, and waits until it is, and until so many traces are decided about and sent. */
  async function decided(replica: Replica, traces = 0): Promise<void> {
    const [last] = drawnTrace({ name: 'last', failed: true });
    await sendSpans(replica.url, [last as DrawnSpan]);
    await peer.until(({ traceId }) => traceId === last?.traceId);
    for (let open = true; open; ) {
      const metrics = await (await fetch(replica.ops)).text();
      const counted = (sampled: boolean): number =>
        Number(new RegExp(`^${DECISIONS}\\{.*sampled="${sampled}"\\} (\\d+)`, 'm').exec(metrics)?.[1] ?? 0);
      const sent = new Set(peer.spans.map(({ traceId }) => traceId)).size;
      open = counted(true) + counted(false) < traces || sent < counted(true);
      if (open) await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  const keptOf = (traces: readonly (readonly DrawnSpan[])[]): readonly number[] =>
    traces.flatMap((spans, n) => (peer.spans.some(({ traceId }) => traceId === spans[0]?.traceId) ? [n] : []));

  test.each<[string, TraceBackend]>([
    ['any back end', OTLP],
    [
      'X-Ray',
      {
        kind: 'x-ray',
        endpoint: Binding.of('https://xray.eu-central-1.amazonaws.com/v1/traces'),
        region: Binding.of('eu-central-1'),
      },
    ],
    ['Cloud Trace', { kind: 'cloud-trace', project: Binding.of('shop-prod') }],
  ])('takes the configuration for %s', async (_name, backend) => {
    expect(await faultsOfConfig(configFor('1/s', backend))).toBe('');
  });

  test('rejects a configuration with a field that it does not know', async () => {
    expect(await faultsOfConfig(configFor('1/s').replace('limit_mib', 'limit_mb'))).toContain('limit_mb');
  });

  test('keeps whole what failed, was late or was slow for its workload, and nothing else where nothing else is to be kept', async () => {
    const [replica] = (await start('0/s')) as [Replica];
    const traces = [
      drawnTrace({ workload: 'shipper', seconds: 59 }),
      drawnTrace({ workload: 'shipper', seconds: 61 }),
      drawnTrace({ workload: 'front', seconds: 61 }),
      drawnTrace({ workload: 'another', seconds: 61 }),
      drawnTrace({ failed: true }),
      drawnTrace({ childFailed: true }),
      drawnTrace({ late: true }),
      ...Array.from({ length: 50 }, () => drawnTrace({})),
    ];
    await sendSpans(replica.url, traces.flat());
    await decided(replica, traces.length);
    expect(keptOf(traces)).toEqual([1, 2, 4, 5, 6]);
    for (const n of keptOf(traces))
      expect(peer.spans.filter(({ traceId }) => traceId === traces[n]?.[0]?.traceId)).toHaveLength(2);
    const resource = { 'service.namespace': 'shop', 'deployment.environment.name': 'test' };
    expect(peer.spans[0]?.resource).toMatchObject(resource);
  }, 120_000);

  test('keeps of the rest the share that the rates come to', async () => {
    // 200 of 500 traces a second.
    const { keptShare } = traceLoad(busy, Rate.parse('200/s'));
    expect(keptShare).toBe(0.4);
    const [replica] = (await start('200/s', 1, busy)) as [Replica];
    const traces = Array.from({ length: 2_000 }, () => drawnTrace({}));
    for (let n = 0; n < traces.length; n += 200) await sendSpans(replica.url, traces.slice(n, n + 200).flat());
    await decided(replica, traces.length);
    const share = keptOf(traces).length / traces.length;
    // Five standard deviations of a draw by the share.
    const deviation = 5 * Math.sqrt((keptShare * (1 - keptShare)) / traces.length);
    expect(Math.abs(share - keptShare)).toBeLessThan(deviation);
  }, 120_000);

  test('decides about a trace as a whole, whichever replicas heard its parts', async () => {
    const replicas = await start('0/s', 2);
    const traces = Array.from({ length: 20 }, () => drawnTrace({ failed: true }));
    await Promise.all(
      replicas.map(({ url }, n) =>
        sendSpans(
          url,
          traces.map((spans) => spans[n] as DrawnSpan),
        ),
      ),
    );
    for (const replica of replicas) await decided(replica);
    // What was on its way to a replica that was slow to answer is sent again: a span may come twice.
    for (const [root] of traces) {
      const ids = peer.spans.filter(({ traceId }) => traceId === root?.traceId).map(({ spanId }) => spanId);
      expect(new Set(ids).size).toBe(2);
    }
  }, 120_000);

  test('tells of itself by the names that its alerts look for', async () => {
    const [replica] = (await start('0/s')) as [Replica];
    await decided(replica);
    const metrics = await (await fetch(replica.ops)).text();
    const names = new Set(metrics.match(/^otelcol_\w+/gm));
    // Those of failures of the exporter are there once there was one.
    const { refused, failed, tooEarly } = TRACE_METRICS;
    expect([...names]).toEqual(expect.arrayContaining([refused, failed, tooEarly]));
  }, 120_000);

  describe('with a task queue and a worker, each a process of its own', () => {
    const children: ChildProcess[] = [];
    let folder: string;
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'penstock-traces-'));
    });
    afterEach(async () => {
      await Promise.all(children.splice(0).map((child) => endProcess(child, 'SIGKILL')));
      rmSync(folder, { recursive: true });
    });

    async function run(main: string, collector: string, env: Readonly<Record<string, string>>): Promise<number> {
      const child = fork(main, {
        execArgv: ['--disable-warning=ExperimentalWarning'],
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
        env: {
          PATH: process.env['PATH'] ?? '',
          OTEL_EXPORTER_OTLP_ENDPOINT: collector,
          PENSTOCK_HOST: '127.0.0.1',
          PENSTOCK_OPS_PORT: '0',
          PENSTOCK_BUS: `sqlite:${join(folder, 'bus.db')}`,
          PENSTOCK_JOBS: `sqlite:${join(folder, 'jobs.db')}`,
          ...env,
        },
      });
      children.push(child);
      const [message] = (await once(child, 'message')) as [{ readonly http: number }];
      return message.http;
    }

    test('an attempt that failed is kept, links to whoever added the job, and one that did not fail is not', async () => {
      const [replica] = (await start('0/s')) as [Replica];
      const { queue } = workerProfile(topology, 'shipper');
      const admin = await openBusAdmin(`sqlite:${join(folder, 'bus.db')}`);
      await admin.provision(queue);
      await admin.close();
      await provisionJobStore(`sqlite:${join(folder, 'jobs.db')}`);
      writeFileSync(join(folder, 'tasks.json'), TASKS);
      const http = await run(MAIN, replica.url, {
        PENSTOCK_HTTP_PORT: '0',
        PENSTOCK_TASKS: join(folder, 'tasks.json'),
        [PROFILE_VARIABLE]: encodeProfile(httpServiceProfile(topology, 'front')),
      });
      await run(WORKER, replica.url, { [PROFILE_VARIABLE]: encodeProfile(workerProfile(topology, 'shipper')) });
      const add = async (order: string, trace: string): Promise<string> => {
        const response = await fetch(`http://127.0.0.1:${http}/v1/queues/orders/jobs`, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            'idempotency-key': order,
            traceparent: `00-${trace.repeat(32)}-${'1'.repeat(16)}-01`,
          },
          body: JSON.stringify({ task: 'ship', payload: { order } }),
        });
        return ((await response.json()) as { readonly id: string }).id;
      };
      const good = await add('good', 'a');
      const bad = await add('bad', 'b');
      const failed = await peer.until(({ name }) => name === 'run ship');
      expect(failed).toMatchObject({
        service: 'shipper',
        failed: true,
        attributes: { 'penstock.job.id': bad, 'error.type': 'address-unknown' },
        links: [{ traceId: 'b'.repeat(32) }],
        resource: { 'service.instance.id': 'shipper', 'service.namespace': 'shop' },
      });
      const delivery = await peer.until(({ spanId }) => spanId === failed.parentSpanId);
      expect(delivery).toMatchObject({ name: 'process orders', kind: 'consumer', traceId: failed.traceId });
      // The dispatcher's publish, to which the delivery links, failed in nothing and is not kept.
      expect(delivery.links).toHaveLength(1);
      await decided(replica);
      expect(peer.spans.filter(({ attributes }) => attributes['penstock.job.id'] === good)).toEqual([]);
    }, 240_000);
  });
});
