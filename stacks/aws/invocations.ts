import type { Topology } from '@penstock/model';
import { ArnFormat, type Stack } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { askedName, modelArns } from '../../constructs/aws/bedrock-access.ts';
import { PublishedBindings } from '../../constructs/aws/published-bindings.ts';
import { WorkloadGrant } from '../../constructs/aws/workload-grant.ts';
import type { AwsEnvironment, EngineServing } from '../environments/aws-environment.ts';
import { askedBy, callersOf, engineAddresses, servedName } from './served-engines.ts';
import { addressPrefix } from './stack-of.ts';

/** What a workload names when it asks an engine by itself: by the variable that it finds it in. */
export function invocationVariables(
  stack: Stack,
  topology: Topology,
  environment: AwsEnvironment,
  workload: string,
): Readonly<Record<string, string>> {
  const read = (name: string): string =>
    PublishedBindings.read(stack, addressPrefix(topology, environment), name).lower();
  const own = environment.workloads.invokes?.[workload] ?? [];
  const asked = askedBy(topology, environment, workload).filter(([id]) => own.includes(id));
  const variables = asked.flatMap(([id, form]): readonly (readonly [string, string])[] => {
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

/**
 * Where those who call an engine that Amazon serves find it, in the words of the kit: by the ids of engine and caller. All
 * have the same address; who may ask there is for their rights.
 */
export function engineCalls(
  stack: Stack,
  topology: Topology,
  environment: AwsEnvironment,
): Readonly<Record<string, Readonly<Record<string, string>>>> {
  return Object.fromEntries(
    Object.entries(environment.serving ?? {}).map(([id, form]) => [
      id,
      Object.fromEntries(
        callersOf(topology, id).map((caller) => [caller, callAddress(stack, topology, environment, id, form)]),
      ),
    ]),
  );
}

function callAddress(
  stack: Stack,
  topology: Topology,
  environment: AwsEnvironment,
  id: string,
  form: EngineServing,
): string {
  const { region, urlSuffix } = stack;
  if (form.by === 'sagemaker') {
    const name = servedName(topology, environment, id);
    const copies = form.serving === 'on-demand' ? `?component=${name}` : '';
    return `sagemaker://runtime.sagemaker.${region}.${urlSuffix}/regions/${region}/endpoints/${name}${copies}`;
  }
  const published = engineAddresses(id);
  const read = (name: string): string =>
    PublishedBindings.read(stack, addressPrefix(topology, environment), name).lower();
  const guardrail =
    form.guardrail === undefined
      ? ''
      : `?guardrail=${read(published.guardrail)}&version=${read(published.guardrailVersion)}`;
  const model = encodeURIComponent(askedName(form.model));
  return `bedrock://bedrock-runtime.${region}.${urlSuffix}/regions/${region}/models/${model}${guardrail}`;
}

/** The right of a workload to ask each engine that it invokes or calls, and no other. */
export function invocationGrants(
  stack: Stack,
  topology: Topology,
  environment: AwsEnvironment,
  workload: string,
): readonly WorkloadGrant[] {
  const read = (name: string): string =>
    PublishedBindings.read(stack, addressPrefix(topology, environment), name).lower();
  return askedBy(topology, environment, workload).map(([id, form]) => {
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
