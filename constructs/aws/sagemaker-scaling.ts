import type { ResolvedInferenceEngine } from '@penstock/model';
import { CfnScalableTarget, CfnScalingPolicy } from 'aws-cdk-lib/aws-applicationautoscaling';
import { CfnAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import type { CfnEndpoint, CfnInferenceComponent } from 'aws-cdk-lib/aws-sagemaker';
import type { Construct } from 'constructs';

interface Scaled {
  readonly engine: ResolvedInferenceEngine;
  readonly name: string;
}

interface Wake {
  readonly metricName: string;
  readonly dimension: { readonly name: string; readonly value: string };
}

/** Machines by how many requests wait for each of them, down to none. */
export function scaleBacklog(
  scope: Construct,
  { engine, endpoint, name, variant }: Scaled & { readonly endpoint: CfnEndpoint; readonly variant: string },
): void {
  const target = new CfnScalableTarget(scope, 'Machines', {
    serviceNamespace: 'sagemaker',
    scalableDimension: 'sagemaker:variant:DesiredInstanceCount',
    resourceId: `endpoint/${name}/variant/${variant}`,
    minCapacity: 0,
    maxCapacity: engine.replicas,
  });
  target.addResourceDependency(endpoint);
  const dimension = { name: 'EndpointName', value: name };
  const cooldown = cooldownOf(engine);
  new CfnScalingPolicy(scope, 'ByBacklog', {
    policyName: 'by-backlog',
    policyType: 'TargetTrackingScaling',
    scalingTargetId: target.ref,
    targetTrackingScalingPolicyConfiguration: {
      customizedMetricSpecification: {
        namespace: 'AWS/SageMaker',
        metricName: 'ApproximateBacklogSizePerInstance',
        dimensions: [dimension],
        statistic: 'Average',
      },
      targetValue: engine.maxRequests,
      scaleInCooldown: cooldown,
      scaleOutCooldown: cooldown,
    },
  });
  // Divided by no machine the backlog is no number: the first one comes by another sign.
  wake(scope, target, cooldown, { metricName: 'HasBacklogWithoutCapacity', dimension });
}

/** Copies by how many requests each of them has in hand, down to none. */
export function scaleCopies(
  scope: Construct,
  { engine, component, name }: Scaled & { readonly component: CfnInferenceComponent },
): void {
  const target = new CfnScalableTarget(scope, 'Copies', {
    serviceNamespace: 'sagemaker',
    scalableDimension: 'sagemaker:inference-component:DesiredCopyCount',
    resourceId: `inference-component/${name}`,
    minCapacity: 0,
    maxCapacity: engine.replicas,
  });
  target.addResourceDependency(component);
  const cooldown = cooldownOf(engine);
  new CfnScalingPolicy(scope, 'ByRequests', {
    policyName: 'by-requests',
    policyType: 'TargetTrackingScaling',
    scalingTargetId: target.ref,
    targetTrackingScalingPolicyConfiguration: {
      predefinedMetricSpecification: {
        predefinedMetricType: 'SageMakerInferenceComponentConcurrentRequestsPerCopyHighResolution',
      },
      targetValue: engine.maxRequests,
      scaleInCooldown: cooldown,
      scaleOutCooldown: cooldown,
    },
  });
  const dimension = { name: 'InferenceComponentName', value: name };
  wake(scope, target, cooldown, { metricName: 'NoCapacityInvocationFailures', dimension });
}

/** The first one, as soon as somebody waits or was refused. */
function wake(scope: Construct, target: CfnScalableTarget, cooldown: number, { metricName, dimension }: Wake): void {
  const policy = new CfnScalingPolicy(scope, 'FromZero', {
    policyName: 'from-zero',
    policyType: 'StepScaling',
    scalingTargetId: target.ref,
    stepScalingPolicyConfiguration: {
      adjustmentType: 'ChangeInCapacity',
      metricAggregationType: 'Maximum',
      cooldown,
      stepAdjustments: [{ metricIntervalLowerBound: 0, scalingAdjustment: 1 }],
    },
  });
  new CfnAlarm(scope, 'Wanted', {
    alarmDescription: `${dimension.value} is asked for and nothing of it runs`,
    namespace: 'AWS/SageMaker',
    metricName,
    dimensions: [dimension],
    statistic: 'Maximum',
    period: 60,
    evaluationPeriods: 1,
    comparisonOperator: 'GreaterThanOrEqualToThreshold',
    threshold: 1,
    treatMissingData: 'notBreaching',
    alarmActions: [policy.ref],
  });
}

/** Nothing goes, and nothing more comes, before what was asked for can have started. */
const cooldownOf = ({ coldStart, startupBudget }: ResolvedInferenceEngine): number =>
  coldStart.plus(startupBudget).toSeconds('up');
