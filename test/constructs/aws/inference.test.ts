import { describe, expect, test } from '@jest/globals';
import { defineTopology, vllm } from '@penstock/model';
import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Repository } from 'aws-cdk-lib/aws-ecr';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { BedrockAccess } from '../../../constructs/aws/bedrock-access.ts';
import { SageMakerEndpoint, type SageMakerEndpointProps } from '../../../constructs/aws/sagemaker-endpoint.ts';
import { type CloudFormationTemplate, checkTemplates } from '../../../constructs/policies/aws/index.ts';
import { dataStack } from './data-stack.ts';

const engineWith = (pinned: { readonly loadTime?: `${number} minutes` } = {}) =>
  defineTopology({
    name: 'shop',
    queues: {},
    workers: {},
    engines: {
      writer: {
        service: vllm,
        task: 'generation',
        accelerator: 'l4',
        model: { id: 'writer-8b', revision: '2026-08-01', weights: '8 GB', maxTokens: 4096, cachePerToken: '128 KiB' },
        tokenRate: '2000/s',
        tokensPerRequest: 500,
        doneWithin: '20 seconds',
        loadTime: '2 minutes',
        resources: { cpu: 2, memory: '12 GiB' },
        pinned: { replicas: 3 },
        ...pinned,
      },
    },
  }).engines.writer;

const engine = engineWith();

function made(props: Partial<SageMakerEndpointProps> = {}) {
  const { stack, network, key } = dataStack();
  const endpoint = new SageMakerEndpoint(stack, 'Writer', {
    engine,
    name: 'shop-writer',
    machine: 'ml.g6.2xlarge',
    serving: 'real-time',
    image: {
      repository: Repository.fromRepositoryName(stack, 'Images', 'shop/vllm'),
      digest: `sha256:${'0'.repeat(64)}`,
    },
    weights: Bucket.fromBucketName(stack, 'Weights', 'weights'),
    network,
    key,
    ...props,
  });
  return { stack, endpoint, template: () => Template.fromStack(stack) };
}

describe('a model on SageMaker', () => {
  const template = made().template();

  test('is the declared revision, uncompressed, in an image by its digest', () => {
    template.hasResourceProperties('AWS::SageMaker::Model', {
      PrimaryContainer: {
        Image: Match.objectLike({ 'Fn::Join': Match.anyValue() }),
        ModelDataSource: {
          S3DataSource: {
            S3Uri: 's3://weights/writer-8b/2026-08-01/',
            S3DataType: 'S3Prefix',
            CompressionType: 'None',
          },
        },
      },
    });
    expect(JSON.stringify(template.findResources('AWS::SageMaker::Model'))).toContain(`@sha256:${'0'.repeat(64)}`);
  });

  test('reaches nothing and is reached by nobody but SageMaker', () => {
    template.hasResourceProperties('AWS::SageMaker::Model', {
      EnableNetworkIsolation: true,
      VpcConfig: { Subnets: ['subnet-00000000', 'subnet-00000001', 'subnet-00000002'] },
    });
    template.resourceCountIs('AWS::EC2::SecurityGroupIngress', 0);
  });

  test('has the replicas of the model and the time it needs to start', () => {
    template.hasResourceProperties('AWS::SageMaker::EndpointConfig', {
      ProductionVariants: [
        Match.objectLike({
          InitialInstanceCount: 3,
          InstanceType: 'ml.g6.2xlarge',
          ContainerStartupHealthCheckTimeoutInSeconds: engine.startupBudget.toSeconds('up'),
        }),
      ],
      // Machines with local disks refuse one: their hardware encrypts.
      KmsKeyId: Match.absent(),
    });
    template.resourceCountIs('AWS::ApplicationAutoScaling::ScalableTarget', 0);
  });

  test('reads its own weights and no others', () => {
    const statements = Object.values(template.findResources('AWS::IAM::Policy')).flatMap(
      ({ Properties }) => Properties.PolicyDocument.Statement as readonly { Action: unknown; Resource: unknown }[],
    );
    const read = statements.find(({ Action }) => Action === 's3:GetObject');
    expect(JSON.stringify(read?.Resource)).toContain('weights/writer-8b/2026-08-01/*');
  });
});

describe('an asynchronous endpoint', () => {
  const { stack, endpoint } = made({ serving: 'asynchronous' });
  const template = Template.fromStack(stack);

  test('goes down to no machine, and up by what waits for each', () => {
    template.hasResourceProperties('AWS::ApplicationAutoScaling::ScalableTarget', {
      MinCapacity: 0,
      MaxCapacity: 3,
      ResourceId: 'endpoint/shop-writer/variant/serving',
    });
    template.hasResourceProperties('AWS::ApplicationAutoScaling::ScalingPolicy', {
      TargetTrackingScalingPolicyConfiguration: {
        CustomizedMetricSpecification: { MetricName: 'ApproximateBacklogSizePerInstance' },
        TargetValue: engine.maxRequests,
      },
    });
  });

  test('comes up from none by a sign that does not divide by the machines there are', () => {
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName: 'HasBacklogWithoutCapacity',
      Threshold: 1,
      AlarmActions: [{ Ref: Match.stringLikeRegexp('FromZero') }],
    });
  });

  test('answers into a bucket that is encrypted and forgets', () => {
    template.hasResourceProperties('AWS::SageMaker::EndpointConfig', {
      AsyncInferenceConfig: {
        ClientConfig: { MaxConcurrentInvocationsPerInstance: engine.maxRequests },
        OutputConfig: { KmsKeyId: Match.anyValue(), S3OutputPath: Match.anyValue(), S3FailurePath: Match.anyValue() },
      },
    });
    template.hasResourceProperties('AWS::S3::Bucket', {
      LifecycleConfiguration: { Rules: [{ ExpirationInDays: 7, Status: 'Enabled' }] },
    });
    expect(
      endpoint
        .access()
        .lower()
        .flatMap(({ actions }) => actions),
    ).toEqual([
      'sagemaker:InvokeEndpointAsync',
      's3:PutObject',
      's3:GetObject',
      // The bucket has a key of its own.
      'kms:Decrypt',
      'kms:GenerateDataKey',
    ]);
  });
});

describe('an endpoint on demand', () => {
  const template = made({ serving: 'on-demand', machine: 'ml.g6.12xlarge' }).template();

  test('places copies on machines, down to none of both', () => {
    template.hasResourceProperties('AWS::SageMaker::EndpointConfig', {
      EnableNetworkIsolation: true,
      VpcConfig: Match.anyValue(),
      ProductionVariants: [
        Match.objectLike({
          ModelName: Match.absent(),
          ManagedInstanceScaling: { Status: 'ENABLED', MinInstanceCount: 0, MaxInstanceCount: 1 },
        }),
      ],
    });
    template.hasResourceProperties('AWS::SageMaker::InferenceComponent', {
      Specification: {
        ComputeResourceRequirements: { NumberOfAcceleratorDevicesRequired: 1, MinMemoryRequiredInMb: 12_288 },
      },
    });
    template.hasResourceProperties('AWS::ApplicationAutoScaling::ScalableTarget', {
      MinCapacity: 0,
      MaxCapacity: 3,
      ScalableDimension: 'sagemaker:inference-component:DesiredCopyCount',
    });
    template.hasResourceProperties('AWS::CloudWatch::Alarm', { MetricName: 'NoCapacityInvocationFailures' });
  });
});

test.each(['real-time', 'asynchronous', 'on-demand'] as const)(
  'an endpoint that serves %s holds every policy',
  (serving) => {
    expect(checkTemplates({ serving: made({ serving }).template().toJSON() as CloudFormationTemplate })).toEqual([]);
  },
);

describe('an endpoint', () => {
  test.each([
    ['devices of another class', { machine: 'ml.g5.xlarge' }, /has devices of a10g, expected l4/],
    ['devices that would lie idle', { machine: 'ml.g6.12xlarge' }, /holds 4 copies and would run one/],
    ['a start that SageMaker does not wait for', { engine: engineWith({ loadTime: '40 minutes' }) }, /window-too-long/],
    ['a name with capitals', { name: 'Writer' }, /name-malformed/],
  ] as const)('rejects %s', (_title, props, message) => {
    expect(() => made(props)).toThrow(message);
  });
});

describe('access to Bedrock', () => {
  const profile = { profile: 'eu.writer-v1:0', model: 'writer-v1:0', regions: ['eu-central-1', 'eu-west-1'] } as const;

  test('is to named models, in every region that a profile sends to', () => {
    const stack = new Stack(new App(), 'test', { env: { region: 'eu-central-1' } });
    const [ask, ...others] = new BedrockAccess(stack, 'Bedrock', {
      models: [profile, { model: 'embed-v2:0' }],
    })
      .access()
      .lower();
    expect(others).toEqual([]);
    const { Resource, Condition } = stack.resolve(ask?.toStatementJson()) as { Resource: unknown; Condition: unknown };
    const text = JSON.stringify(Resource);
    expect(text).toContain(':inference-profile/eu.writer-v1:0');
    expect(text).toContain(':bedrock:eu-central-1::foundation-model/writer-v1:0');
    expect(text).toContain(':bedrock:eu-west-1::foundation-model/writer-v1:0');
    expect(text).toContain(':bedrock:eu-central-1::foundation-model/embed-v2:0');
    expect(text).not.toContain('*');
    expect(Condition).toBeUndefined();
  });

  test('goes through the guardrail where there is one, and is refused without it', () => {
    const { stack, key } = dataStack();
    const access = new BedrockAccess(stack, 'Bedrock', {
      models: [{ model: 'writer-v1:0' }],
      guardrail: { name: 'shop', key, strength: 'HIGH', refusal: 'I cannot help with that.', anonymised: ['EMAIL'] },
    });
    const statements = access.access().lower();
    expect(JSON.stringify(stack.resolve(statements[0]?.toStatementJson()))).toContain('bedrock:GuardrailIdentifier');
    expect(statements.flatMap(({ actions }) => actions)).toContain('bedrock:ApplyGuardrail');
    Template.fromStack(stack).hasResourceProperties('AWS::Bedrock::Guardrail', {
      KmsKeyArn: Match.anyValue(),
      ContentPolicyConfig: {
        FiltersConfig: Match.arrayWith([{ Type: 'PROMPT_ATTACK', InputStrength: 'HIGH', OutputStrength: 'NONE' }]),
      },
      SensitiveInformationPolicyConfig: { PiiEntitiesConfig: [{ Type: 'EMAIL', Action: 'ANONYMIZE' }] },
    });
  });

  test.each(['', 'anthropic.*'])('rejects the model %j, which names not one', (model) => {
    const stack = new Stack(new App(), 'test');
    expect(() => new BedrockAccess(stack, 'Bedrock', { models: [{ model }] })).toThrow(/expected the id of one/);
  });
});
