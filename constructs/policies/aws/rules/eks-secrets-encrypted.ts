import type { TemplatePolicy } from '../policy.ts';
import { at, listOf } from '../template.ts';

/** Rule 3. */
export const eksSecretsEncrypted: TemplatePolicy = {
  id: 'eks-secrets-encrypted',
  rules: [3],
  source: 'Control Tower CT.EKS.PR.2, Trivy, EKS Best Practices (data)',
  reason: 'who gets a copy of the store has all secrets, and no key of ours can be taken away',
  types: ['AWS::EKS::Cluster'],
  check: (resource) => {
    const configs = listOf(at(resource, 'EncryptionConfig')) as readonly {
      Resources?: unknown;
      Provider?: { KeyArn?: unknown };
    }[];
    return [
      !configs.some(
        ({ Resources, Provider }) => listOf(Resources).includes('secrets') && Provider?.KeyArn !== undefined,
      ) && 'encrypts secrets with no key of ours (EncryptionConfig)',
    ];
  },
};
