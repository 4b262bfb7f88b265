import { containersOf } from '../manifest.ts';
import { podPolicy } from '../policy.ts';

const VOLUMES: readonly string[] = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'image',
  'persistentVolumeClaim',
  'projected',
  'secret',
];

/** Rule 31: what the restricted Pod Security Standard asks of the process; `pod-host-isolation` has the rest of it. */
export const podSecurityRestricted = podPolicy(
  {
    id: 'pod-security-restricted',
    rules: [31],
    source: 'Pod Security Standards 1.37',
    reason: 'a namespace that enforces the restricted standard admits the workload and then gets no pods',
  },
  (pod) => [
    ...(pod.volumes ?? []).map((volume) => {
      const kind = Object.keys(volume).find((key) => key !== 'name' && !VOLUMES.includes(key));
      return kind !== undefined && `volume ${String(volume['name'])} is a ${kind}, which is not allowed`;
    }),
    ...containersOf(pod).flatMap(({ name, securityContext: own = {} }) => {
      const says = (text: string) => `container ${name ?? '(unnamed)'}: ${text}`;
      // Windows has neither of the three.
      const isLinux = pod.os?.name !== 'windows';
      const user = own.runAsUser ?? pod.securityContext?.runAsUser;
      const seccomp = (own.seccompProfile ?? pod.securityContext?.seccompProfile)?.type;
      return [
        (own.runAsNonRoot ?? pod.securityContext?.runAsNonRoot) !== true && says('runAsNonRoot is not true'),
        user === 0 && says('runs as user 0'),
        isLinux &&
          seccomp !== 'RuntimeDefault' &&
          seccomp !== 'Localhost' &&
          says('seccompProfile is not RuntimeDefault'),
        isLinux && own.allowPrivilegeEscalation !== false && says('allowPrivilegeEscalation is not false'),
        isLinux && own.capabilities?.drop?.includes('ALL') !== true && says('does not drop ALL capabilities'),
        own.capabilities?.add?.some((capability) => capability !== 'NET_BIND_SERVICE') === true &&
          says('adds capabilities'),
      ];
    }),
  ],
);
