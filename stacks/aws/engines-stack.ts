import type { Topology } from '@penstock/model';
import type { App, Stack } from 'aws-cdk-lib';
import { Repository } from 'aws-cdk-lib/aws-ecr';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { BedrockAccess } from '../../constructs/aws/bedrock-access.ts';
import { DataKey } from '../../constructs/aws/data-key.ts';
import type { Network } from '../../constructs/aws/network.ts';
import { PublishedBindings } from '../../constructs/aws/published-bindings.ts';
import { SageMakerEndpoint, type SageMakerEndpointProps } from '../../constructs/aws/sagemaker-endpoint.ts';
import { Binding } from '../../constructs/binding.ts';
import type { AwsEnvironment } from '../environments/aws-environment.ts';
import { engineAddresses, type ServedEngine, servedEngines, servedName } from './served-engines.ts';
import { addressPrefix, artifactPrefix, environmentName, stackOf } from './stack-of.ts';

/** Where the stack of artifacts says which bucket the weights are in. */
export const WEIGHTS_ADDRESS = 'weights';

type Addresses = readonly (readonly [name: string, value: Binding<string>])[];

/** Changes with a model: what Amazon serves of the declaration. Undefined where the cluster serves all of it. */
export function enginesStack(
  app: App,
  topology: Topology,
  environment: AwsEnvironment,
  network: Network,
): Stack | undefined {
  const served = servedEngines(topology, environment);
  if (served.length === 0) return undefined;
  const stack = stackOf(app, topology, environment, 'engines', { description: 'Engines that Amazon serves' });
  const { key } = new DataKey(stack, 'Key', { description: `Engines of ${environmentName(topology, environment)}` });
  const nameOf = ({ id }: ServedEngine['engine']): string => servedName(topology, environment, id);
  const published: Addresses = [
    [engineAddresses('').key, Binding.of(key.keyArn)],
    ...onSageMaker(stack, topology, served, nameOf, { network, key }),
    ...onBedrock(stack, served, nameOf, key),
  ];
  const prefix = addressPrefix(topology, environment);
  new PublishedBindings(stack, 'Addresses', { prefix, values: Object.fromEntries(published) });
  return stack;
}

type NameOf = (engine: ServedEngine['engine']) => string;

function onSageMaker(
  stack: Stack,
  topology: Topology,
  served: readonly ServedEngine[],
  nameOf: NameOf,
  place: Pick<SageMakerEndpointProps, 'network' | 'key'>,
): Addresses {
  const endpoints = served.flatMap(({ engine, form }) => (form.by === 'sagemaker' ? [{ engine, ...form }] : []));
  if (endpoints.length === 0) return [];
  const bucket = PublishedBindings.read(stack, artifactPrefix(topology), WEIGHTS_ADDRESS).lower();
  const weights = Bucket.fromBucketName(stack, 'Weights', bucket);
  return endpoints.flatMap(({ engine, machine, serving, digest, variables }) => {
    const { id, service } = engine;
    const repository = Repository.fromRepositoryName(stack, `Images-${id}`, `${topology.name}/${service.name}`);
    const { nodes } = new SageMakerEndpoint(stack, id, {
      ...place,
      engine,
      name: nameOf(engine),
      machine,
      serving,
      image: { repository, digest },
      ...(variables === undefined ? {} : { environment: variables }),
      weights,
    });
    const { exchange } = nodes;
    return exchange === undefined ? [] : [[engineAddresses(id).exchange, Binding.of(exchange.bucketName)] as const];
  });
}

function onBedrock(
  stack: Stack,
  served: readonly ServedEngine[],
  nameOf: NameOf,
  key: SageMakerEndpointProps['key'],
): Addresses {
  return served.flatMap(({ engine, form }) => {
    if (form.by !== 'bedrock' || form.guardrail === undefined) return [];
    const { guardrail } = new BedrockAccess(stack, engine.id, {
      models: [form.model],
      guardrail: { ...form.guardrail, name: nameOf(engine), key },
    });
    if (guardrail === undefined) return [];
    const { guardrail: id, guardrailVersion: version } = engineAddresses(engine.id);
    return [
      [id, guardrail.id],
      [version, guardrail.version],
    ] as const;
  });
}
