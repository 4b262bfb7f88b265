import { describe, expect, test } from '@jest/globals';
import type { Topology } from '@penstock/model';
import { App, Stack } from 'aws-cdk-lib';
import {
  type CloudFormationTemplate,
  checkTemplates,
  type TemplateResource,
} from '../../../constructs/policies/aws/index.ts';
import { checkManifests, type Manifest } from '../../../constructs/policies/index.ts';
import { awsApp, synthesizeAws } from '../../../stacks/aws/synthesize.ts';
import { clusterObjects } from '../../../stacks/aws/workloads-stack.ts';
import type { AwsEnvironment } from '../../../stacks/environments/aws-environment.ts';
import { BEDROCK, digests, SAGEMAKER, SERVINGS, servingEnvironment } from './serving.ts';

type Templates = Readonly<Record<string, CloudFormationTemplate>>;
type Form = keyof typeof SERVINGS;
const FORMS = Object.keys(SERVINGS) as readonly Form[];

const templatesOf = (environment: AwsEnvironment, topology: Topology = digests): Templates =>
  synthesizeAws(topology, [environment]) as Templates;
const served = Object.fromEntries(
  FORMS.map((form) => [form, templatesOf(servingEnvironment(SERVINGS[form]))]),
) as Readonly<Record<Form, Templates>>;

const resourcesOf = (form: Form, stack: string, type: string): readonly TemplateResource[] =>
  Object.values(served[form][`post-prod-${stack}`]?.Resources ?? {}).filter(({ Type }) => Type === type);
const ofEngine = (form: Form, type: string) => resourcesOf(form, 'engines', type).map(({ Properties }) => Properties);

const objectsOf = (environment: AwsEnvironment): readonly Manifest[] => {
  const stack = new Stack(new App(), 'test', { env: { region: environment.region } });
  return clusterObjects(stack, digests, environment).platform;
};

interface Statement {
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}
/** What the worker may do, by actions that begin so. */
const rights = (form: Form, action: string): readonly Statement[] =>
  resourcesOf(form, 'workloads', 'AWS::IAM::Policy')
    .flatMap(
      ({ Properties }) =>
        (Properties as { PolicyDocument: { Statement: readonly Statement[] } }).PolicyDocument.Statement,
    )
    .filter(({ Action }) => [Action].flat().some((each) => each.startsWith(action)));

describe('an engine of the declaration that Amazon serves', () => {
  test('is an endpoint of SageMaker with the replicas that follow from the declaration', () => {
    expect(ofEngine('at once', 'AWS::SageMaker::Endpoint')).toEqual([
      expect.objectContaining({ EndpointName: 'post-prod-chat' }),
    ]);
    expect(ofEngine('at once', 'AWS::SageMaker::EndpointConfig')).toEqual([
      expect.objectContaining({
        ProductionVariants: [
          expect.objectContaining({
            InstanceType: 'ml.g6.2xlarge',
            InitialInstanceCount: digests.engines.chat.replicas,
          }),
        ],
      }),
    ]);
  });

  test.each(['on demand', 'asynchronously'] as const)('goes down to none where it serves %s', (form) => {
    expect(ofEngine(form, 'AWS::ApplicationAutoScaling::ScalableTarget')).toEqual([
      expect.objectContaining({ MinCapacity: 0, MaxCapacity: digests.engines.chat.replicas }),
    ]);
  });

  test('reads the weights of its revision from the bucket that the artifacts publish', () => {
    const { Parameters } = served['at once']['post-prod-engines'] as unknown as {
      readonly Parameters: Readonly<Record<string, { readonly Default: string }>>;
    };
    expect(Object.values(Parameters).map(({ Default }) => Default)).toContain('/post/artifacts/weights');
    expect(JSON.stringify(ofEngine('at once', 'AWS::SageMaker::Model'))).toContain('/llama-8b/0e9e39f/');
    const published = Object.values(served['at once']['post-artifacts']?.Resources ?? {}).filter(
      ({ Type }) => Type === 'AWS::SSM::Parameter',
    );
    expect(published.map(({ Properties }) => Properties?.['Name'])).toEqual(['/post/artifacts/weights']);
  });

  test('is a model of Bedrock behind a guardrail, and no machine of ours', () => {
    expect(ofEngine('by Bedrock', 'AWS::Bedrock::Guardrail')).toEqual([
      expect.objectContaining({ Name: 'post-prod-chat' }),
    ]);
    expect(ofEngine('by Bedrock', 'AWS::SageMaker::Endpoint')).toEqual([]);
  });

  test.each(FORMS)('is not in the cluster where it is served %s, nor a machine for it', (form) => {
    const text = JSON.stringify(resourcesOf(form, 'workloads', 'Custom::AWSCDK-EKS-KubernetesResource'));
    expect(text).toContain('post-digest');
    expect(text).not.toContain('post-chat');
    expect(text).not.toContain('NodePool');
  });

  test.each([
    ['at once', ['PenstockEndpointFailing', 'PenstockEndpointSlow']],
    ['asynchronously', ['PenstockEndpointBacklog', 'PenstockEndpointFailing', 'PenstockEndpointNotStarted']],
    ['by Bedrock', ['PenstockEndpointFailing', 'PenstockEndpointSlow', 'PenstockEndpointThrottled']],
  ] as const)('is watched where it is served %s, and by nobody who looks for pods', (form, alarms) => {
    const names = resourcesOf(form, 'observability', 'AWS::CloudWatch::Alarm').map(
      ({ Properties }) => Properties?.['AlarmName'] as string,
    );
    const found = names.flatMap((name) => name.match(/PenstockEndpoint[A-Za-z]+/) ?? []);
    expect(found.toSorted()).toEqual(alarms);
    const [rules] = resourcesOf(form, 'observability', 'AWS::APS::RuleGroupsNamespace');
    expect(rules?.Properties?.['Data']).not.toContain('post-chat');
  });

  test('has alarms by the limits that were promised, in the unit of the service', () => {
    const slow = (form: Form) =>
      resourcesOf(form, 'observability', 'AWS::CloudWatch::Alarm').find(({ Properties }) =>
        String(Properties?.['AlarmName']).includes('EndpointSlow'),
      )?.Properties;
    expect(slow('at once')).toMatchObject({ MetricName: 'ModelLatency', Threshold: 30_000_000 });
    expect(slow('by Bedrock')).toMatchObject({
      MetricName: 'InvocationLatency',
      Dimensions: [{ Name: 'ModelId', Value: 'eu.writer-v1:0' }],
      Threshold: 30_000,
    });
  });

  test('takes the place of its stack between what it stands on and who asks it', () => {
    const { stacks } = awsApp(digests, [servingEnvironment(SAGEMAKER)]).synth();
    const waits = (name: string) =>
      stacks.find(({ stackName }) => stackName === name)?.dependencies.map(({ id }) => id.split('.')[0]) ?? [];
    expect(waits('post-prod-engines')).toEqual(expect.arrayContaining(['post-artifacts', 'post-prod-network']));
    expect(waits('post-prod-workloads')).toContain('post-prod-engines');
  });

  test.each(FORMS)('holds every policy where it is served %s, in templates and in the cluster', (form) => {
    expect(checkTemplates(served[form])).toEqual([]);
    expect(checkManifests(objectsOf(servingEnvironment(SERVINGS[form])))).toEqual([]);
  });
});

describe('a workload that asks an engine by itself', () => {
  const variables = (form: Form) => {
    const text = JSON.stringify(objectsOf(servingEnvironment(SERVINGS[form])));
    return [...text.matchAll(/\{"name":"(PENSTOCK_ENDPOINT[A-Z_]*)","value":"([^"]*)"/g)].map(
      ([, name, value]) => `${name}=${value?.replace(/\$\{Token.*/, '<late>')}`,
    );
  };

  test.each([
    ['at once', ['PENSTOCK_ENDPOINT_CHAT=post-prod-chat']],
    ['on demand', ['PENSTOCK_ENDPOINT_CHAT=post-prod-chat', 'PENSTOCK_ENDPOINT_CHAT_COMPONENT=post-prod-chat']],
    ['asynchronously', ['PENSTOCK_ENDPOINT_CHAT=post-prod-chat', 'PENSTOCK_ENDPOINT_CHAT_EXCHANGE=<late>']],
    [
      'by Bedrock',
      [
        'PENSTOCK_ENDPOINT_CHAT=eu.writer-v1:0',
        'PENSTOCK_ENDPOINT_CHAT_GUARDRAIL=<late>',
        'PENSTOCK_ENDPOINT_CHAT_GUARDRAIL_VERSION=<late>',
      ],
    ],
  ] as const)('finds what to name in a call where it is served %s', (form, expected) => {
    expect(variables(form)).toEqual(expected);
  });

  test.each([
    ['at once', 'sagemaker:', ['endpoint/post-prod-chat']],
    ['on demand', 'sagemaker:', ['endpoint/post-prod-chat', 'inference-component/post-prod-chat']],
    ['asynchronously', 'sagemaker:', ['endpoint/post-prod-chat']],
    [
      'by Bedrock',
      'bedrock:InvokeModel',
      [
        'inference-profile/eu.writer-v1:0',
        ':bedrock:eu-central-1::foundation-model/writer-v1:0',
        ':bedrock:eu-west-1::foundation-model/writer-v1:0',
      ],
    ],
  ] as const)('may ask that one and no other where it is served %s', (form, action, resources) => {
    const [ask, ...others] = rights(form, action);
    expect(others).toEqual([]);
    const named = [ask?.Resource].flat();
    expect(named).toHaveLength(resources.length);
    for (const [index, resource] of resources.entries()) expect(JSON.stringify(named[index])).toContain(resource);
  });

  test('may write requests and read answers, and use the key of both, where it asks asynchronously', () => {
    const exchange = rights('asynchronously', 's3:').map(({ Action, Resource }) => [Action, JSON.stringify(Resource)]);
    expect(exchange).toEqual([
      ['s3:PutObject', expect.stringContaining('/requests/*')],
      ['s3:GetObject', expect.stringMatching(/\/results\/\*.*\/failures\/\*/)],
    ]);
    const [key] = rights('asynchronously', 'kms:').filter(({ Action }) => Action.includes('kms:GenerateDataKey'));
    expect(JSON.stringify(key?.Resource)).toContain('engineskey');
  });

  test('is refused by Bedrock when it leaves the guardrail out', () => {
    expect(JSON.stringify(rights('by Bedrock', 'bedrock:InvokeModel')[0]?.Condition)).toContain(
      'bedrock:GuardrailIdentifier',
    );
  });

  test.each([
    ['at once', 'sagemaker.runtime', 'bedrock-runtime'],
    ['by Bedrock', 'bedrock-runtime', 'sagemaker.runtime'],
  ] as const)('gets there inside of the network where it is served %s', (form, there, elsewhere) => {
    const names = JSON.stringify(resourcesOf(form, 'network', 'AWS::EC2::VPCEndpoint'));
    expect(names).toContain(`eu-central-1.${there}"`);
    expect(names).not.toContain(elsewhere);
    const flows = objectsOf(servingEnvironment(SERVINGS[form])).filter(
      (object) => object.kind === 'NetworkPolicy' && JSON.stringify(object).includes('10.40.0.0/16'),
    );
    // The other one is that of the collector of traces.
    const [flow, ...others] = flows.filter(({ metadata }) => metadata.name !== 'post-traces');
    expect(others).toEqual([]);
    expect(JSON.stringify(flow)).toMatch(/"port":443.*169\.254\.170\.23\/32|169\.254\.170\.23\/32.*"port":443/);
  });

  test('has one identity, also where it is a user of a store besides', () => {
    const environment = servingEnvironment(SAGEMAKER);
    const templates = templatesOf({
      ...environment,
      workloads: { ...environment.workloads, users: { digest: { cache: 'web' } } },
    });
    const accounts = Object.values(templates['post-prod-workloads']?.Resources ?? {}).filter(
      ({ Type, Properties }) =>
        Type === 'AWS::EKS::PodIdentityAssociation' && Properties?.['ServiceAccount'] === 'post-digest',
    );
    expect(accounts).toHaveLength(1);
  });
});

describe('an environment', () => {
  const environment = servingEnvironment(SAGEMAKER);
  const invoking = (invokes: AwsEnvironment['workloads']['invokes']): AwsEnvironment => ({
    ...environment,
    workloads: { ...environment.workloads, invokes: invokes ?? {} },
  });

  test('rejects an engine that is not in the declaration', () => {
    expect(() => templatesOf({ ...environment, serving: { writer: BEDROCK } })).toThrow(
      /serving\.writer +\[reference-missing\]/,
    );
  });

  test('rejects a workload that asks what the cluster serves', () => {
    const { serving: _none, ...unserved } = environment;
    expect(() =>
      templatesOf({ ...unserved, workloads: { ...unserved.workloads, machines: { chat: 'g6.2xlarge' } } }),
    ).toThrow(/invokes\.digest +\[reference-missing\]/);
  });

  test('rejects an engine as the one who asks', () => {
    expect(() => templatesOf(invoking({ chat: ['chat'] }))).toThrow(/invokes\.chat +\[reference-missing\]/);
  });
});
