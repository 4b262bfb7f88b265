import type { TemplatePolicy } from '../policy.ts';
import { at } from '../template.ts';

export const imageFixed: TemplatePolicy = {
  id: 'image-fixed',
  rules: [],
  source: 'AWS Security Hub (ECR.1, ECR.2), trivy (ecr)',
  reason: 'what runs tomorrow under the same name is something else, and nobody looked at what is in it',
  types: ['AWS::ECR::Repository'],
  check: (repository) => [
    at(repository, 'ImageTagMutability') !== 'IMMUTABLE' && 'lets a tag move to another image',
    at(repository, 'ImageScanningConfiguration.ScanOnPush') !== true && 'looks at no image that comes',
  ],
};
