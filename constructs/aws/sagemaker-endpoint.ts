import { Duration, type ResolvedInferenceEngine } from '@penstock/model';
import { Duration as CdkDuration, RemovalPolicy } from 'aws-cdk-lib';
import { Peer, Port, type SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import type { IRepository } from 'aws-cdk-lib/aws-ecr';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { BlockPublicAccess, Bucket, BucketEncryption, type IBucket, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { CfnEndpoint, CfnEndpointConfig, CfnInferenceComponent, CfnModel } from 'aws-cdk-lib/aws-sagemaker';
import { Construct } from 'constructs';
import { Binding } from '../binding.ts';
import { ConstructError } from '../errors.ts';
import { type DataNetwork, dataSecurityGroup, zonesOf } from './data-network.ts';
import { exempt } from './exemption.ts';
import { unnamedResources } from './nag.ts';
import { physicalName } from './physical-name.ts';
import { copiesOn, type SageMakerMachine } from './sagemaker-machine.ts';
import { SageMakerRole } from './sagemaker-role.ts';
import { scaleBacklog, scaleCopies } from './sagemaker-scaling.ts';
import { EXCHANGE_FOLDERS, WorkloadGrant } from './workload-grant.ts';

/**
 * How requests come. `real-time`: answered at once, by as many machines as carry the peak. `on-demand`: answered at once
 * too, by copies that come and go down to none; who asks while there is none is refused and asks again. `asynchronous`:
 * written to a bucket, answered into it, by machines that come and go down to none.
 */
export type SageMakerServing = 'real-time' | 'on-demand' | 'asynchronous';

export interface SageMakerEndpointProps {
  readonly engine: ResolvedInferenceEngine;
  /** Of the endpoint, once in an account and region. */
  readonly name: string;
  readonly machine: SageMakerMachine;
  readonly serving: SageMakerServing;
  /** An image that keeps SageMaker's contract: `/ping` and `/invocations` on port 8080, the model in `/opt/ml/model`. */
  readonly image: { readonly repository: IRepository; readonly digest: `sha256:${string}` };
  readonly environment?: Readonly<Record<string, string>>;
  /** The bucket of `ArtifactStore`. */
  readonly weights: IBucket;
  readonly network: DataNetwork;
  readonly key: IKey;
}

const VARIANT = 'serving';
const EXCHANGE_DAYS = 7;
/** SageMaker's own bounds on how long a container may take to start. */
const SHORTEST_START = Duration.seconds(60);
const LONGEST_START = Duration.seconds(3600);

/**
 * An engine of the topology on SageMaker: the model at its declared revision, on machines without a way to the internet.
 * Local disks of these machines are encrypted by their own hardware, and take no key of ours.
 */
export class SageMakerEndpoint extends Construct {
  /** The raw resources. For what no prop offers, change them. */
  readonly nodes: {
    readonly model: CfnModel;
    readonly config: CfnEndpointConfig;
    readonly endpoint: CfnEndpoint;
    readonly component: CfnInferenceComponent | undefined;
    readonly role: SageMakerRole;
    readonly securityGroup: SecurityGroup;
    readonly exchange: Bucket | undefined;
  };
  /** What callers name in `InvokeEndpoint`; where the endpoint has copies they name the component too. */
  readonly endpointName: Binding<string>;
  readonly #key: IKey;

  /**
   * @throws {ConstructError} `machine-unfit` for other or idle devices
   * @throws {ConstructError} `window-too-long` for a start that SageMaker does not wait for
   * @throws {ConstructError} `name-too-long`, `name-malformed`, `durability-unavailable` in fewer than two zones
   */
  constructor(scope: Construct, id: string, props: SageMakerEndpointProps) {
    const { engine, machine, serving, image, network, key } = props;
    const name = physicalName('SageMaker endpoint', props.name);
    const subnets = zonesOf(network, 2, `SageMaker endpoint ${name}`);
    const copies = copiesOn(engine, machine);
    if (serving !== 'on-demand' && copies !== 1) throw idle(engine, machine, copies);
    const startSeconds = startOf(engine).toSeconds('up');

    super(scope, id);
    const prefix = `${engine.model.id}/${engine.model.revision}/`;
    const securityGroup = dataSecurityGroup(this, network, 'SageMaker', []);
    securityGroup.addEgressRule(Peer.anyIpv4(), Port.tcp(443), 'the weights: there is no route but the gateway of S3');
    const logs = new LogGroup(this, 'Logs', {
      logGroupName:
        serving === 'on-demand' ? `/aws/sagemaker/InferenceComponents/${name}` : `/aws/sagemaker/Endpoints/${name}`,
      retention: RetentionDays.ONE_MONTH,
      encryptionKey: key,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new SageMakerRole(this, 'Execution', {
      weights: props.weights,
      prefix,
      repository: image.repository,
      subnets: network.dataSubnets,
      securityGroup,
      logs,
    });
    const inside = {
      enableNetworkIsolation: true,
      vpcConfig: { subnets, securityGroupIds: [securityGroup.securityGroupId] },
    };
    const model = new CfnModel(this, 'Model', {
      executionRoleArn: role.role.roleArn,
      // Copies are placed by the endpoint, and so is their network.
      ...(serving === 'on-demand' ? {} : inside),
      primaryContainer: {
        image: image.repository.repositoryUriForDigest(image.digest),
        environment: props.environment ?? {},
        modelDataSource: {
          s3DataSource: {
            s3Uri: props.weights.s3UrlForObject(prefix),
            s3DataType: 'S3Prefix',
            compressionType: 'None',
          },
        },
      },
    });
    if (serving === 'on-demand')
      exempt(model, {
        because: 'copies are isolated by the configuration of their endpoint: SageMaker takes it there and not here',
        checkov: ['CKV_AWS_370'],
      });
    // Before SageMaker looks whether it may read.
    model.node.addDependency(role);
    const exchange = serving === 'asynchronous' ? this.#exchange(key, role) : undefined;
    const timeouts = {
      containerStartupHealthCheckTimeoutInSeconds: startSeconds,
      modelDataDownloadTimeoutInSeconds: LONGEST_START.toSeconds('up'),
    };
    const config = new CfnEndpointConfig(this, 'Config', {
      ...(serving === 'on-demand' ? { executionRoleArn: role.role.roleArn, ...inside } : {}),
      productionVariants: [
        {
          variantName: VARIANT,
          instanceType: machine,
          initialInstanceCount: serving === 'real-time' ? engine.replicas : 1,
          routingConfig: { routingStrategy: 'LEAST_OUTSTANDING_REQUESTS' },
          ...timeouts,
          ...(serving === 'on-demand'
            ? {
                managedInstanceScaling: {
                  status: 'ENABLED',
                  minInstanceCount: 0,
                  maxInstanceCount: Math.ceil(engine.replicas / copies),
                },
              }
            : { modelName: model.attrModelName, initialVariantWeight: 1 }),
        },
      ],
      ...(exchange === undefined
        ? {}
        : {
            asyncInferenceConfig: {
              clientConfig: { maxConcurrentInvocationsPerInstance: engine.maxRequests },
              outputConfig: {
                kmsKeyId: key.keyArn,
                s3OutputPath: exchange.s3UrlForObject(EXCHANGE_FOLDERS.results),
                s3FailurePath: exchange.s3UrlForObject(EXCHANGE_FOLDERS.failures),
              },
            },
          }),
    });
    const endpoint = new CfnEndpoint(this, 'Resource', {
      endpointName: name,
      endpointConfigName: config.attrEndpointConfigName,
      // A new configuration does not start from one machine in the middle of a peak.
      retainAllVariantProperties: true,
    });
    endpoint.node.addDependency(logs);
    const component = serving === 'on-demand' ? this.#copies(name, engine, model, endpoint, timeouts) : undefined;
    if (serving === 'asynchronous') scaleBacklog(this, { engine, endpoint, name, variant: VARIANT });
    if (component !== undefined) scaleCopies(this, { engine, component, name });
    this.#key = key;
    this.nodes = { model, config, endpoint, component, role, securityGroup, exchange };
    this.endpointName = Binding.of(endpoint.attrEndpointName);
  }

  /** What a caller may do. Who asks asynchronously writes requests to the bucket and reads results there, besides. */
  access(): WorkloadGrant {
    const { endpoint, component, exchange } = this.nodes;
    return exchange === undefined
      ? WorkloadGrant.invokeEndpoint({ endpoint: endpoint.ref, component: component?.attrInferenceComponentArn })
      : WorkloadGrant.invokeEndpointAsync({ endpoint: endpoint.ref, exchange, keyArn: this.#key.keyArn });
  }

  #exchange(key: IKey, { role }: SageMakerRole): Bucket {
    const exchange = new Bucket(this, 'Exchange', {
      encryption: BucketEncryption.KMS,
      encryptionKey: key,
      bucketKeyEnabled: true,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      removalPolicy: RemovalPolicy.RETAIN,
      lifecycleRules: [{ expiration: CdkDuration.days(EXCHANGE_DAYS) }],
    });
    const { requests, results, failures } = EXCHANGE_FOLDERS;
    const statements = [
      new PolicyStatement({ actions: ['s3:GetObject'], resources: [exchange.arnForObjects(`${requests}*`)] }),
      new PolicyStatement({
        actions: ['s3:PutObject'],
        resources: [results, failures].map((folder) => exchange.arnForObjects(`${folder}*`)),
      }),
    ];
    for (const statement of statements) role.addToPrincipalPolicy(statement);
    unnamedResources(role, statements, 'each request has a file of its own, which has no name before it comes');
    exempt(exchange, {
      because:
        'who read what is a matter of CloudTrail and its data events; logs of access come late, and may miss some',
      nag: ['S1'],
      checkov: ['CKV_AWS_18'],
    });
    exempt(exchange, {
      because: 'a request and its answer are written once, under a name of their own, and are gone after days',
      checkov: ['CKV_AWS_21'],
    });
    key.grant(role, 'kms:Decrypt', 'kms:GenerateDataKey');
    return exchange;
  }

  #copies(
    name: string,
    engine: ResolvedInferenceEngine,
    model: CfnModel,
    endpoint: CfnEndpoint,
    startupParameters: CfnInferenceComponent.InferenceComponentStartupParametersProperty,
  ): CfnInferenceComponent {
    return new CfnInferenceComponent(this, 'Component', {
      inferenceComponentName: name,
      endpointName: endpoint.attrEndpointName,
      variantName: VARIANT,
      specification: {
        modelName: model.attrModelName,
        startupParameters,
        computeResourceRequirements: {
          numberOfAcceleratorDevicesRequired: engine.accelerator === 'cpu' ? 0 : engine.accelerator.devices,
          numberOfCpuCoresRequired: engine.resources.cpu,
          minMemoryRequiredInMb: engine.resources.memory.toMebibytes('up'),
        },
      },
      runtimeConfig: { copyCount: 1 },
    });
  }
}

const idle = ({ id }: ResolvedInferenceEngine, machine: SageMakerMachine, copies: number): ConstructError =>
  new ConstructError(
    'machine-unfit',
    `engines.${id} on ${machine}`,
    `holds ${copies} copies and would run one, expected a smaller machine, or serving on demand, which places copies`,
  );

function startOf({ id, startupBudget }: ResolvedInferenceEngine): Duration {
  if (startupBudget.isLongerThan(LONGEST_START))
    throw new ConstructError(
      'window-too-long',
      `engines.${id}`,
      `may take ${startupBudget} to start, expected at most ${LONGEST_START}: SageMaker gives up`,
    );
  return Duration.max(startupBudget, SHORTEST_START);
}
