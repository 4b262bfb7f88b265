import { encodeProfile, jobProfile, PROFILE_VARIABLE, type ResolvedSchedule } from '@penstock/model';
import type { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import type { Binding } from '../binding.ts';
import { emit, type Override } from './api-object.ts';
import { jobSpec } from './job-spec.ts';
import { topologyAnnotations } from './labels.ts';
import { seconds } from './lowering.ts';
import type { Flow } from './network-flow.ts';
import type { Mount } from './pod-template.ts';
import { type Addresses, busAddress, engineAddresses } from './service-environment.ts';
import { enginesOf, type Traffic } from './traffic.ts';
import { emitServiceAccount, metadataOf, type WorkloadContext } from './workload.ts';

export interface CronWorkProps {
  readonly context: WorkloadContext<ResolvedSchedule>;
  /** Where the queues are that it publishes to: PENSTOCK_BUS. @default - it publishes to none */
  readonly bus?: Binding<string>;
  /** Address of the engine in each role the service calls: PENSTOCK_ENGINE_<ROLE>. @default - it calls none */
  readonly engines?: Addresses;
  /** What else the service asks for by name. @default - nothing */
  readonly addresses?: Addresses;
  /** Secrets that it reads as files. @default - none */
  readonly secrets?: readonly { readonly mount: Mount }[];
  /** What it speaks to outside of the topology, e.g. a database. @default - nothing */
  readonly reaches?: readonly Flow[];
  readonly overrides?: { readonly cronJob?: Override; readonly serviceAccount?: Override };
}

/** How long what a run said can be read: over a weekend, and until somebody has the time. */
const KEPT_SECONDS = 7 * 86_400;

const CONCURRENCY = { forbidden: 'Forbid', allowed: 'Allow' } as const;

/** Scheduled work of the topology. A run may come twice, as the controller's own documentation says: it is idempotent. */
export class CronWork extends Construct {
  readonly nodes: { readonly cronJob: ApiObject; readonly serviceAccount: ApiObject };
  readonly context: WorkloadContext<ResolvedSchedule>;
  readonly traffic: Traffic;

  /** @throws {ConstructError} `reference-missing` when a role that the service calls or publishes to has no address */
  constructor(scope: Construct, id: string, props: CronWorkProps) {
    super(scope, id);
    const { context } = props;
    const { workload } = context;
    this.context = context;
    this.traffic = {
      usesBroker: workload.publishes.length > 0,
      calls: enginesOf(workload.calls),
      reaches: props.reaches ?? [],
    };
    this.nodes = {
      cronJob: emit(this, 'cron-job', cronJob(props), props.overrides?.cronJob),
      serviceAccount: emitServiceAccount(this, context, props.overrides?.serviceAccount),
    };
  }
}

function cronJob({ context, bus, engines = {}, addresses, secrets = [] }: CronWorkProps): unknown {
  const { topology, workload } = context;
  const path = `schedules.${workload.id}`;
  const { labels, annotations } = metadataOf(context);
  const spec = jobSpec({
    context,
    env: {
      [PROFILE_VARIABLE]: encodeProfile(jobProfile(topology, workload.id)),
      ...busAddress(path, workload.publishes, bus),
      ...engineAddresses(path, workload.calls, engines),
      ...addresses,
    },
    secrets,
    annotations: topologyAnnotations(topology),
  });
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: metadataOf(context),
    spec: {
      schedule: workload.cron,
      timeZone: workload.timeZone,
      concurrencyPolicy: CONCURRENCY[workload.overlap],
      startingDeadlineSeconds: seconds(workload.startWithin),
      successfulJobsHistoryLimit: 1,
      failedJobsHistoryLimit: 3,
      jobTemplate: {
        metadata: { labels, annotations },
        spec: { ...spec, ttlSecondsAfterFinished: KEPT_SECONDS },
      },
    },
  };
}
