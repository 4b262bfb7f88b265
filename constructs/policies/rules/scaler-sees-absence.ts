import { kindPolicy } from '../policy.ts';
import { triggersOf } from '../scaler.ts';

/** Rule 45: the fallback is only for an answer that fails, and by default no data is a good answer. */
export const scalerSeesAbsence = kindPolicy(
  {
    id: 'scaler-sees-absence',
    rules: [45],
    source: 'KEDA documentation (Prometheus scaler)',
    reason: 'a series that is missing counts as zero: the scaler takes the replicas away when monitoring is down',
  },
  ['ScaledObject', 'ScaledJob'],
  (manifest) =>
    triggersOf(manifest).map(
      ({ type, metadata }) =>
        type === 'prometheus' &&
        metadata?.['ignoreNullValues'] !== 'false' &&
        'a Prometheus trigger takes no data for zero, expected ignoreNullValues "false"',
    ),
);
