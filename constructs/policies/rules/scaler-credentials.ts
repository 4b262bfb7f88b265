import type { Policy } from '../policy.ts';
import { triggersOf } from '../scaler.ts';

const SECRET_NAME = /password|passwd|secret|token(?!Provider)|credential|apikey|accesskey|privatekey/i;
const CREDENTIALS_IN_ADDRESS = /\/\/[^/@\s]*:[^/@\s]+@/;

/** Rule 46. */
export const scalerCredentials: Policy = {
  id: 'scaler-credentials',
  rules: [46],
  source: 'KEDA documentation',
  reason: 'whoever may read a scaler could read the key to its source',
  check(manifest) {
    if (manifest.kind !== 'ScaledObject' && manifest.kind !== 'ScaledJob') return [];
    return triggersOf(manifest).flatMap(({ type, metadata = {} }) =>
      Object.entries(metadata)
        // `...FromEnv` names a variable of the pod; it carries no value itself.
        .filter(
          ([name, value]) =>
            (SECRET_NAME.test(name) && !name.endsWith('FromEnv')) || CREDENTIALS_IN_ADDRESS.test(value),
        )
        .map(([name]) => `trigger ${type}: ${name} stands in the manifest, expected a TriggerAuthentication`),
    );
  },
};
