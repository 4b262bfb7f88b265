import { containersOf, type PodSpec, type SecurityContext } from '../manifest.ts';
import { podPolicy } from '../policy.ts';

/** Settings of the kernel that are a pod's own: the standard's list. */
const SAFE_SYSCTLS: readonly string[] = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ping_group_range',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_notsent_lowat',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_slow_start_after_idle',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.tcp_wmem',
];
const SELINUX_TYPES: readonly string[] = [
  '',
  'container_t',
  'container_init_t',
  'container_kvm_t',
  'container_engine_t',
];
const APPARMOR_ANNOTATION = 'container.apparmor.security.beta.kubernetes.io/';

/** Rule 31, the part that keeps a pod away from its node. */
export const podHostIsolation = podPolicy(
  {
    id: 'pod-host-isolation',
    rules: [31],
    source: 'Pod Security Standards 1.37',
    reason: 'a pod that reaches into its node reaches every other pod on it',
  },
  (pod, { metadata }) => [
    (pod.hostNetwork === true || pod.hostPID === true || pod.hostIPC === true) && 'shares a namespace of the host',
    ...(pod.securityContext?.sysctls ?? []).map(
      ({ name }) => !SAFE_SYSCTLS.includes(name) && `sets the kernel's ${name}`,
    ),
    ...Object.entries(metadata.annotations ?? {}).map(
      ([key, value]) => key.startsWith(APPARMOR_ANNOTATION) && value === 'unconfined' && `${key} is unconfined`,
    ),
    ...confinementOf('pod', pod.securityContext),
    ...containers(pod),
  ],
);

const containers = (pod: PodSpec) =>
  containersOf(pod).flatMap(
    ({ name, ports, securityContext, lifecycle, startupProbe, readinessProbe, livenessProbe }) => {
      const calls = [startupProbe, readinessProbe, livenessProbe, lifecycle?.preStop, lifecycle?.postStart];
      const hosts = calls.flatMap((call) => [call?.httpGet?.host ?? '', call?.tcpSocket?.host ?? '']);
      const says = (text: string) => `container ${name ?? '(unnamed)'}: ${text}`;
      return [
        securityContext?.privileged === true && says('is privileged'),
        securityContext?.windowsOptions?.hostProcess === true && says('is a process of the host'),
        ports?.some(({ hostPort }) => hostPort !== undefined && hostPort !== 0) === true &&
          says('takes a port of the host'),
        ...hosts.map((host) => host !== '' && says(`has the kubelet call ${host}`)),
        ...confinementOf(name ?? '(unnamed)', securityContext),
      ];
    },
  );

/** What takes a process out of the confinement of its container. */
const confinementOf = (where: string, context: SecurityContext = {}) => [
  context.procMount === 'Unmasked' && `${where}: sees all of /proc`,
  context.appArmorProfile?.type === 'Unconfined' && `${where}: AppArmor is Unconfined`,
  context.windowsOptions?.hostProcess === true && `${where}: is a process of the host`,
  !SELINUX_TYPES.includes(context.seLinuxOptions?.type ?? '') &&
    `${where}: has the SELinux type ${context.seLinuxOptions?.type}`,
  (context.seLinuxOptions?.user ?? '') !== '' && `${where}: sets the SELinux user`,
  (context.seLinuxOptions?.role ?? '') !== '' && `${where}: sets the SELinux role`,
];
