import type { TemplatePolicy } from '../policy.ts';
import { at, listOf } from '../template.ts';

const LOGS = ['api', 'audit', 'authenticator', 'controllerManager', 'scheduler'];

/** Rule 2. */
export const eksLogged: TemplatePolicy = {
  id: 'eks-logged',
  rules: [2],
  source: 'cdk-nag EKS2, Trivy',
  reason: 'what an intruder did, nobody can ever tell',
  types: ['AWS::EKS::Cluster'],
  check: (resource) => {
    const types = listOf(at(resource, 'Logging.ClusterLogging.EnabledTypes')).map(
      (each) => (each as { Type?: unknown }).Type,
    );
    const missing = LOGS.filter((log) => !types.includes(log));
    return [missing.length > 0 && `does not log ${missing.join(', ')}`];
  },
};
