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

/** Rule 31: what the restricted Pod Security Standard asks of the fields we emit; the admission of the cluster has the last word. */
export const podSecurityRestricted = podPolicy(
  'pod-security-restricted',
  'a namespace that enforces the restricted standard admits the workload and then gets no pods',
  (pod) => [
    (pod.hostNetwork === true || pod.hostPID === true || pod.hostIPC === true) && 'shares a namespace of the host',
    ...(pod.volumes ?? []).map((volume) => {
      const kind = Object.keys(volume).find((key) => key !== 'name' && !VOLUMES.includes(key));
      return kind !== undefined && `volume ${String(volume['name'])} is a ${kind}, which is not allowed`;
    }),
    ...containersOf(pod).flatMap(({ name, ports, securityContext: own = {} }) => {
      const says = (text: string) => `container ${name ?? '(unnamed)'}: ${text}`;
      const user = own.runAsUser ?? pod.securityContext?.runAsUser;
      const seccomp = (own.seccompProfile ?? pod.securityContext?.seccompProfile)?.type;
      return [
        (own.runAsNonRoot ?? pod.securityContext?.runAsNonRoot) !== true && says('runAsNonRoot is not true'),
        user === 0 && says('runs as user 0'),
        seccomp !== 'RuntimeDefault' && seccomp !== 'Localhost' && says('seccompProfile is not RuntimeDefault'),
        own.privileged === true && says('is privileged'),
        own.allowPrivilegeEscalation !== false && says('allowPrivilegeEscalation is not false'),
        own.capabilities?.drop?.includes('ALL') !== true && says('does not drop ALL capabilities'),
        own.capabilities?.add?.some((capability) => capability !== 'NET_BIND_SERVICE') === true &&
          says('adds capabilities'),
        ports?.some(({ hostPort }) => hostPort !== undefined && hostPort !== 0) === true &&
          says('takes a port of the host'),
      ];
    }),
  ],
);
