import type { Policy } from '../policy.ts';
import { triggersOf } from '../scaler.ts';

/** The complaint behind it: only the leader of a consumer reports its lag, and KEDA asks it by its pod name. */
export const scalerSeesLeader: Policy = {
  id: 'scaler-sees-leader',
  rules: [45],
  source: 'KEDA, source of the nats-jetstream scaler',
  reason: 'behind a cluster IP KEDA asks any server, or none, and scales by a lag that is not there',
  check(manifest) {
    if (manifest.kind !== 'ScaledObject' && manifest.kind !== 'ScaledJob') return [];
    return triggersOf(manifest)
      .filter(({ type }) => type === 'nats-jetstream')
      .flatMap(({ metadata = {} }) => {
        const endpoint = metadata['natsServerMonitoringEndpoint'] ?? '';
        const [service] = endpoint.split('.');
        return [
          ...(service?.endsWith('-headless')
            ? []
            : [`asks ${endpoint === '' ? 'no endpoint' : endpoint}, expected the headless service of NATS`]),
          ...(endpoint.endsWith(':8222') ? [] : ['does not ask the monitoring port 8222']),
          ...['account', 'stream', 'consumer', 'lagThreshold']
            .filter((name) => (metadata[name] ?? '') === '')
            .map((name) => `names no ${name}`),
        ];
      });
  },
};
