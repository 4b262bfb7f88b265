import { describe, expect, test } from '@jest/globals';
import { type CloudFormationTemplate, checkTemplates } from '../../../../constructs/policies/aws/index.ts';
import { changed, type Json } from '../mutant.ts';
import { MINIMAL_CASES, MODEL } from './minimal-cases.ts';

const findings = (resources: unknown) =>
  checkTemplates({ stack: { Resources: resources } as unknown as CloudFormationTemplate });

describe('the least of a template', () => {
  test.each(MINIMAL_CASES)('%s: %j holds, and is rejected with %s %j', (policy, good, path, value, message) => {
    expect(findings(good)).toEqual([]);
    const steps = path.startsWith('/') ? [path.slice(1)] : ['It', 'Properties', ...path.split('.')];
    const where = steps.map((step) => (/^\d+$/.test(step) ? Number(step) : step));
    const found = findings(changed(good as Json, where, value));
    expect(new Set(found.map((finding) => finding.policy))).toEqual(new Set([policy]));
    expect(found.map((finding) => finding.message)).toContainEqual(expect.stringMatching(message));
  });

  test('takes a model without a network where its endpoint brings one', () => {
    const Config = { Type: 'AWS::SageMaker::EndpointConfig', Properties: MODEL.It.Properties };
    expect(findings({ It: { Type: 'AWS::SageMaker::Model', Properties: {} }, Config })).toEqual([]);
  });
});
