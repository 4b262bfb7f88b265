import type { TemplatePolicy } from '../policy.ts';
import { at, type TemplateResource } from '../template.ts';

const isIsolated = (resource: TemplateResource): boolean =>
  at(resource, 'EnableNetworkIsolation') === true && at(resource, 'VpcConfig') !== undefined;

export const modelIsolated: TemplatePolicy = {
  id: 'model-isolated',
  rules: [],
  source: 'AWS Security Hub (SageMaker.5), trivy (sagemaker)',
  reason: 'the code that came with a model sends what it is asked to wherever it likes',
  types: ['AWS::SageMaker::Model'],
  // An endpoint that places copies takes their network from its own configuration.
  check: (model, { Resources }) => [
    !isIsolated(model) &&
      !Object.values(Resources ?? {}).some(
        (other) => other.Type === 'AWS::SageMaker::EndpointConfig' && isIsolated(other),
      ) &&
      'runs with a way out of its network',
  ],
};
