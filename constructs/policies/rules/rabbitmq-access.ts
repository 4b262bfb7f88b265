import { specOf } from '../manifest.ts';
import { aboutPods } from '../operator-pods.ts';
import { kindPolicy } from '../policy.ts';
import { type RabbitSpec, rabbitPods } from '../rabbitmq.ts';

/** Rule 59, who reaches it. */
export const rabbitmqAccess = kindPolicy(
  {
    id: 'rabbitmq-access',
    rules: [28, 59],
    source: 'RabbitMQ documentation (TLS, networking), operator documentation (network policies)',
    reads: ['NetworkPolicy'],
    reason: 'a port left open beside the guarded one is the one that is used, and nodes trust whoever reaches theirs',
  },
  ['RabbitmqCluster'],
  (manifest, all) => {
    const { service, tls } = specOf<RabbitSpec>(manifest);
    return [
      service?.type !== undefined &&
        service.type !== 'ClusterIP' &&
        `is reached from outside the cluster by a ${service.type}`,
      tls !== undefined && tls.secretName === undefined && 'states TLS and names no secret with its certificate',
      tls?.secretName !== undefined &&
        tls.disableNonTLSListeners !== true &&
        'lets clients in without TLS beside those with it (disableNonTLSListeners)',
      aboutPods('NetworkPolicy', manifest, rabbitPods(manifest), all).length === 0 &&
        'has no NetworkPolicy of its pods',
    ];
  },
);
