import type { Probe } from '../manifest.ts';
import { containerPolicy } from '../policy.ts';

/** Rule 38, the numbers. */
export const probesExplicit = containerPolicy(
  {
    id: 'probes-explicit',
    rules: [38],
    source: 'EKS Best Practices (reliability), Kubernetes documentation (probes)',
    reason:
      'by default a probe that takes longer than a second has failed, and three of them kill a process that is busy',
  },
  ({ startupProbe, readinessProbe, livenessProbe }) =>
    Object.entries({ startupProbe, readinessProbe, livenessProbe }).flatMap(([name, probe]) =>
      probe === undefined ? [] : faultsOf(probe).map((fault) => `${name} ${fault}`),
    ),
);

const faultsOf = (probe: Probe): readonly string[] => [
  ...(['periodSeconds', 'timeoutSeconds', 'failureThreshold'] as const)
    .filter((field) => probe[field] === undefined)
    .map((field) => `does not state ${field}`),
  ...(probe.httpGet !== undefined && probe.httpGet.path === undefined ? ['asks for no path'] : []),
  ...((probe.httpGet ?? probe.exec ?? probe.tcpSocket ?? probe.grpc) ? [] : ['asks nothing']),
];
