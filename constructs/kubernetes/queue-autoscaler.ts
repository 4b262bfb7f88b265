import type { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import type { Override } from './api-object.ts';
import { scaledObject } from './crd/scaled-object.ts';
import type { ArrivalRate } from './keda/arrival-rate.ts';
import type { Backlog } from './keda/backlog.ts';
import { seconds } from './lowering.ts';
import { scalingBehavior } from './scaling-behavior.ts';
import type { Worker } from './worker.ts';
import { metadataOf } from './workload.ts';

export interface QueueAutoscalerProps {
  readonly worker: Worker;
  /** What it wakes and sleeps by. Without one nothing would: a rate alone says nothing of work that still waits. */
  readonly backlog: Backlog;
  /** What asks for more before the backlog has grown; the larger need of both counts. @default - the backlog decides */
  readonly arrivals?: ArrivalRate;
  readonly overrides?: { readonly scaledObject?: Override };
}

/** Looks in a row that may fail before the fallback: one lost answer is not an outage. */
const FAILURE_THRESHOLD = 3;

/**
 * Scales a worker by what waits and is in work, and before that by how fast work comes, by KEDA. While one of the two
 * signals is blind nothing is taken away, and the other still adds.
 */
export class QueueAutoscaler extends Construct {
  readonly nodes: { readonly scaledObject: ApiObject };

  /** @throws {ConstructError} `window-too-long` when the cooldown is longer than a scale-down can be held back */
  constructor(scope: Construct, id: string, props: QueueAutoscalerProps) {
    super(scope, id);
    const { worker, backlog, arrivals } = props;
    const { workload } = worker.context;
    const cooldownPeriod = seconds(workload.cooldown);
    const spec = {
      scaleTargetRef: { name: worker.nodes.deployment.name },
      ...(workload.minReplicas === 0 ? sleep(seconds(workload.pollingInterval), cooldownPeriod) : {}),
      minReplicaCount: workload.minReplicas,
      maxReplicaCount: workload.maxReplicas,
      // A scaler that sees nothing keeps what runs, and at least what carries the mean. Not the most: a consumer that is
      // missing would run the whole fleet on no work.
      fallback: {
        failureThreshold: FAILURE_THRESHOLD,
        replicas: Math.max(1, workload.minReplicas),
        behavior: 'currentReplicasIfHigher' as const,
      },
      advanced: {
        horizontalPodAutoscalerConfig: {
          behavior: scalingBehavior(workload.cooldown, `workers.${workload.id}.cooldown`),
        },
      },
      // An average over replicas: a total would not know how many there are.
      triggers: [...backlog.triggers, ...(arrivals === undefined ? [] : [arrivals.trigger])].map((trigger) => ({
        ...trigger,
        metricType: 'AverageValue' as const,
      })),
    };
    this.nodes = {
      scaledObject: scaledObject(
        this,
        'scaled-object',
        { metadata: metadataOf(worker.context), spec },
        props.overrides?.scaledObject,
      ),
    };
  }
}

/**
 * KEDA itself only starts and stops the first replica, and says so in a warning where there is nothing to start: between
 * one and the most, the HorizontalPodAutoscaler asks and waits by its own times. Without an initial cooldown the first
 * deployment goes to zero before it has looked once.
 */
const sleep = (pollingInterval: number, cooldownPeriod: number) => ({
  pollingInterval,
  cooldownPeriod,
  initialCooldownPeriod: cooldownPeriod,
});
