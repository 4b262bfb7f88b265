import type { Topology } from '@penstock/model';
import { ArnFormat, type Stack } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { askedName, modelArns } from '../../constructs/aws/bedrock-access.ts';
import { PublishedBindings } from '../../constructs/aws/published-bindings.ts';
import { WorkloadGrant } from '../../constructs/aws/workload-grant.ts';
import { ConstructError } from '../../constructs/errors.ts';
import type { AwsEnvironment, EngineServing } from '../environments/aws-environment.ts';
import { engineAddresses, servedName } from './served-engines.ts';
import { addressPrefix } from './stack-of.ts';

/** Engines that a workload asks by itself. @throws {ConstructError} `reference-missing` for one that the cluster serves */
function invokedBy(environment: AwsEnvironment, workload: string): readonly (readonly [string, EngineServing])[] {
  return (environment.workloads.invokes?.[workload] ?? []).map((id) => {
    const form = environment.serving?.[id];
    if (form !== undefined) return [id, form] as const;
    throw new ConstructError(
      'reference-missing',
      `environment ${environment.name}`,
      `workloads.invokes[${JSON.stringify(workload)}] names ${id}, which is not in serving`,
    );
  });
}

/** What a workload names when it asks an engine: by the variable that it finds it in. */
export function invocationVariables(
  stack: Stack,
  topology: Topology,
  environment: AwsEnvironment,
  workload: string,
): Readonly<Record<string, string>> {
  const read = (name: string): string =>
    PublishedBindings.read(stack, addressPrefix(topology, environment), name).lower();
  const variables = invokedBy(environment, workload).flatMap(([id, form]): readonly (readonly [string, string])[] => {
    const variable = `PENSTOCK_ENDPOINT_${id.toUpperCase().replaceAll('-', '_')}`;
    const published = engineAddresses(id);
    if (form.by === 'bedrock')
      return [
        [variable, askedName(form.model)],
        ...(form.guardrail === undefined
          ? []
          : ([
              [`${variable}_GUARDRAIL`, read(published.guardrail)],
              [`${variable}_GUARDRAIL_VERSION`, read(published.guardrailVersion)],
            ] as const)),
      ];
    const name = servedName(topology, environment, id);
    return [
      [variable, name],
      ...(form.serving === 'on-demand' ? ([[`${variable}_COMPONENT`, name]] as const) : []),
      ...(form.serving === 'asynchronous' ? ([[`${variable}_EXCHANGE`, read(published.exchange)]] as const) : []),
    ];
  });
  return Object.fromEntries(variables);
}

/** The right of a workload to ask each engine that it invokes, and no other. */
export function invocationGrants(
  stack: Stack,
  topology: Topology,
  environment: AwsEnvironment,
  workload: string,
): readonly WorkloadGrant[] {
  const read = (name: string): string =>
    PublishedBindings.read(stack, addressPrefix(topology, environment), name).lower();
  return invokedBy(environment, workload).map(([id, form]) => {
    const published = engineAddresses(id);
    if (form.by === 'bedrock')
      return WorkloadGrant.askModels({
        models: modelArns(stack, form.model),
        guardrail:
          form.guardrail === undefined
            ? undefined
            : {
                arn: arnOf(stack, 'bedrock', 'guardrail', read(published.guardrail)),
                keyArn: read(published.key),
              },
      });
    const name = servedName(topology, environment, id);
    const endpoint = arnOf(stack, 'sagemaker', 'endpoint', name);
    if (form.serving !== 'asynchronous')
      return WorkloadGrant.invokeEndpoint({
        endpoint,
        component: form.serving === 'on-demand' ? arnOf(stack, 'sagemaker', 'inference-component', name) : undefined,
      });
    const exchange = Bucket.fromBucketName(stack, `Exchange-${workload}-${id}`, read(published.exchange));
    return WorkloadGrant.invokeEndpointAsync({ endpoint, exchange, keyArn: read(published.key) });
  });
}

const arnOf = (stack: Stack, service: string, resource: string, resourceName: string): string =>
  stack.formatArn({ service, resource, resourceName, arnFormat: ArnFormat.SLASH_RESOURCE_NAME });
