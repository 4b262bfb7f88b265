import { Bytes } from '@penstock/model';
import { k8s } from 'cdk8s-plus-28';
import { byteQuantity, quantity } from './lowering.ts';
import { RABBITMQ_PORTS } from './rabbitmq-config.ts';

export interface RabbitMqPodsProps {
  readonly spread: k8s.TopologySpreadConstraint[];
  readonly tls: boolean;
}

/** The account of the official image: it owns the files of its program. */
const USER_ID = 999;
/** For the cookie, the list of plugins and what the tools write; messages have a volume. */
export const SCRATCH = Bytes.parse('64 MiB');
/** A node reads its whole store before it answers: a quarter of an hour, where the operator gives five minutes. */
const STARTUP = { periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 90 };

/**
 * What the operator's own pods lack, merged into them. That they drop every capability, cannot write their root file
 * system and carry a token (of an account that may read endpoints and write events) is the operator's, and it takes no
 * other word for it.
 */
export function rabbitMqPods({ spread, tls }: RabbitMqPodsProps): unknown {
  const scratch = { 'ephemeral-storage': quantity(byteQuantity(SCRATCH)) };
  const bounded = (name: string): k8s.Volume => ({
    name,
    emptyDir: { sizeLimit: quantity(byteQuantity(SCRATCH)) },
  });
  const pod = k8s.toJson_PodSpec({
    securityContext: {
      runAsNonRoot: true,
      runAsUser: USER_ID,
      runAsGroup: USER_ID,
      // The operator's default is the group of root.
      fsGroup: USER_ID,
      fsGroupChangePolicy: 'OnRootMismatch',
      seccompProfile: { type: 'RuntimeDefault' },
    },
    enableServiceLinks: false,
    topologySpreadConstraints: spread,
    initContainers: [{ name: 'setup-container', resources: { requests: scratch, limits: scratch } }],
    containers: [
      {
        name: 'rabbitmq',
        startupProbe: {
          httpGet: {
            path: '/api/health/checks/reached-target-cluster-size',
            port: k8s.IntOrString.fromString(tls ? 'management-tls' : 'management'),
            scheme: tls ? 'HTTPS' : 'HTTP',
          },
          ...STARTUP,
        },
        // With TLS alone the operator names only the encrypted one, and a PodMonitor finds ports by their names.
        ...(tls ? { ports: [{ name: 'prometheus', containerPort: RABBITMQ_PORTS.prometheus, protocol: 'TCP' }] } : {}),
      },
    ],
    volumes: [bounded('rabbitmq-erlang-cookie'), bounded('rabbitmq-plugins')],
  });
  return {
    persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
    template: { spec: pod },
  };
}
