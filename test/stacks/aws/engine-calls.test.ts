import { describe, expect, test } from '@jest/globals';
import { EngineClient } from '@penstock/kit';
import { defineTopology, engineVariable } from '@penstock/model';
import { App, Stack } from 'aws-cdk-lib';
import {
  type CloudFormationTemplate,
  checkTemplates,
  type TemplateResource,
} from '../../../constructs/policies/aws/index.ts';
import { checkManifests, type Manifest } from '../../../constructs/policies/index.ts';
import { bedrockEmbedding } from '../../../services/kit/src/engines/bedrock-embedding.ts';
import { environmentFaults } from '../../../stacks/aws/environment-faults.ts';
import { synthesizeAws } from '../../../stacks/aws/synthesize.ts';
import { clusterObjects } from '../../../stacks/aws/workloads-stack.ts';
import type { AwsEnvironment, EngineServing } from '../../../stacks/environments/aws-environment.ts';
import { BEDROCK, called, SAGEMAKER, SERVINGS, servingEnvironment } from './serving.ts';

/** Nothing is said of who asks: the declaration does. */
function environmentOf(serving: EngineServing): AwsEnvironment {
  const { workloads, ...environment } = servingEnvironment(serving);
  const { invokes: _none, ...others } = workloads;
  return { ...environment, workloads: others };
}

const CALLED = {
  'at once': SERVINGS['at once'],
  'on demand': SERVINGS['on demand'],
  'by Bedrock': SERVINGS['by Bedrock'],
} as const;
type Form = keyof typeof CALLED;
const FORMS = Object.keys(CALLED) as readonly Form[];

const objectsOf = (form: Form): readonly Manifest[] => {
  const stack = new Stack(new App(), 'test', { env: { region: 'eu-central-1' } });
  return clusterObjects(stack, called, environmentOf(CALLED[form])).platform;
};
const templates = Object.fromEntries(
  FORMS.map((form) => [form, synthesizeAws(called, [environmentOf(CALLED[form])])]),
) as unknown as Readonly<Record<Form, Readonly<Record<string, CloudFormationTemplate>>>>;
const ofWorkloads = (form: Form, type: string) =>
  Object.values(templates[form]['post-prod-workloads']?.Resources ?? {}).filter(({ Type }) => Type === type);

describe('a worker that calls an engine which Amazon serves', () => {
  const addressOf = (form: Form): string => {
    const text = JSON.stringify(objectsOf(form));
    const name = engineVariable('writer');
    const [, value = ''] = new RegExp(`"name":"${name}","value":"([^"]*)"`).exec(text) ?? [];
    return value
      .replaceAll(/\$\{Token\[AWS\.URLSuffix[^}]*\}/g, 'amazonaws.com')
      .replaceAll(/\$\{Token[^}]*\}/g, 'late');
  };

  test.each([
    [
      'at once',
      'sagemaker://runtime.sagemaker.eu-central-1.amazonaws.com/regions/eu-central-1/endpoints/post-prod-chat',
    ],
    [
      'on demand',
      'sagemaker://runtime.sagemaker.eu-central-1.amazonaws.com/regions/eu-central-1/endpoints/post-prod-chat?component=post-prod-chat',
    ],
    [
      'by Bedrock',
      'bedrock://bedrock-runtime.eu-central-1.amazonaws.com/regions/eu-central-1/models/eu.writer-v1%3A0?guardrail=late&version=late',
    ],
  ] as const)('is told where it is served %s, in words that the kit understands', (form, expected) => {
    expect(addressOf(form)).toBe(expected);
    expect(() => new EngineClient({ url: addressOf(form), model: 'llama-8b' })).not.toThrow();
  });

  test.each([
    ['at once', 'sagemaker:InvokeEndpoint', 'endpoint/post-prod-chat'],
    ['on demand', 'sagemaker:InvokeEndpoint', 'inference-component/post-prod-chat'],
    ['by Bedrock', 'bedrock:InvokeModel', 'inference-profile/eu.writer-v1:0'],
  ] as const)(
    'may ask it and nothing else where it is served %s, by an identity of its own',
    (form, action, resource) => {
      const [identity, ...others] = ofWorkloads(form, 'AWS::EKS::PodIdentityAssociation').filter(
        ({ Properties }) => Properties?.['ServiceAccount'] === 'post-digest',
      );
      expect(others).toEqual([]);
      const role = (identity as TemplateResource).Properties?.['RoleArn'] as { 'Fn::GetAtt': [string] };
      const rights = ofWorkloads(form, 'AWS::IAM::Policy').filter(({ Properties }) =>
        JSON.stringify(Properties?.['Roles']).includes(role['Fn::GetAtt'][0]),
      );
      expect(rights).toHaveLength(1);
      const text = JSON.stringify(rights[0]?.Properties);
      expect(text).toContain(action);
      expect(text).toContain(resource);
      expect(text).not.toMatch(/secretsmanager|"\*"/);
    },
  );

  test.each(FORMS)('gets to it and to the agent that lends it its role where it is served %s', (form) => {
    const flows = objectsOf(form).filter(
      ({ kind, metadata }) => kind === 'NetworkPolicy' && metadata.name === 'post-digest',
    );
    expect(flows).toHaveLength(1);
    const text = JSON.stringify(flows[0]);
    expect(text).toContain('"cidr":"10.40.0.0/16"');
    expect(text).toContain('"port":443');
    expect(text).toContain('"cidr":"169.254.170.23/32"');
  });

  test.each(FORMS)('holds every policy where it is served %s, in templates and in the cluster', (form) => {
    expect(checkTemplates(templates[form])).toEqual([]);
    expect(checkManifests(objectsOf(form))).toEqual([]);
  });
});

describe('an engine that is called', () => {
  const embedder = {
    service: { ...called.engines.chat.service },
    task: 'embedding',
    accelerator: 'l4',
    model: { id: 'bge-m3', revision: '5617a9f', weights: '3 GB', maxTokens: 8_192, dimensions: 1_024 },
    tokenRate: '20000/s',
    tokensPerRequest: 500,
    otherRequests: '3/s',
    doneWithin: '30 seconds',
    loadTime: '2 minutes',
    resources: { cpu: 2, memory: '12 GiB' },
  } as const;
  const { chat } = called.engines;
  const embedding = { ...called, engines: { chat: { ...chat, ...embedder, id: 'chat' } } } as unknown as typeof called;
  const MODELS = [
    'amazon.titan-embed-text-v2:0',
    'cohere.embed-multilingual-v3',
    'eu.cohere.embed-v4:0',
    'amazon.titan-embed-image-v1',
    'anthropic.claude-sonnet-4-5-20250929-v1:0',
  ];

  test.each(MODELS)(
    'for embeddings may be the model %s of Bedrock if and only if the kit can ask it',
    async (model) => {
      const faults = environmentFaults(embedding, environmentOf({ by: 'bedrock', model: { model } }));
      const answer = bedrockEmbedding(model, '{"input":[]}', async () => new Response()).then(
        () => [],
        () => ['serving.chat.model'],
      );
      expect(faults.map(({ path }) => path)).toEqual(await answer);
    },
  );

  test('is refused where it answers into a bucket, and where SageMaker would not wait for it', () => {
    const paths = (topology: typeof called, serving: EngineServing) =>
      environmentFaults(topology, environmentOf(serving)).map(({ path, code }) => [path, code]);
    expect(paths(called, { ...SAGEMAKER, serving: 'asynchronous' })).toEqual([
      ['serving.chat.serving', 'settings-contradict'],
    ]);
    const slow = defineTopology({
      name: 'post',
      queues: {},
      workers: {},
      engines: {
        chat: {
          service: chat.service,
          task: 'generation',
          accelerator: 'l4',
          model: { id: 'llama-8b', revision: '0e9e39f', weights: '8 GB', maxTokens: 4_096, cachePerToken: '128 KiB' },
          tokenRate: '2000/s',
          tokensPerRequest: 500,
          otherRequests: '3/s',
          doneWithin: '61 seconds',
          loadTime: '2 minutes',
          resources: { cpu: 2, memory: '12 GiB' },
        },
      },
    }) as unknown as typeof called;
    expect(paths(slow, SAGEMAKER)).toEqual([['serving.chat.serving', 'window-too-long']]);
    expect(paths(slow, { ...SAGEMAKER, serving: 'asynchronous' })).toEqual([]);
    expect(paths(slow, BEDROCK)).toEqual([]);
  });
});
