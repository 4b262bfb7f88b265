import type { ApiObject } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { emit, type Override } from './api-object.ts';
import { NAMESPACE_NAME_LABEL } from './labels.ts';

type Labels = Readonly<Record<string, string>>;

/** Who is at the other end. Without `namespace` the own one, without `pods` all of its pods; or addresses outside. */
export type Peer = { readonly namespace?: string; readonly pods?: Labels } | { readonly cidr: string };

export interface Flow {
  readonly peer: Peer;
  readonly ports: readonly FlowPort[];
}

export interface FlowPort {
  readonly port: number;
  /** Last one of a range that begins with `port`. @default - no range */
  readonly endPort?: number;
  readonly protocol: 'TCP' | 'UDP';
}

export interface NetworkRules {
  /** The pods it is about; `{}` is every pod of the namespace. */
  readonly pods: Labels;
  /** Left out: nothing is said about this direction. Empty: nothing is allowed in it. */
  readonly ingress?: readonly Flow[];
  /** As `ingress`. */
  readonly egress?: readonly Flow[];
}

export const tcp = (port: number) => ({ port, protocol: 'TCP' }) as const;
export const tcpRange = (port: number, endPort: number) => ({ port, endPort, protocol: 'TCP' }) as const;

/** Without it no name resolves. */
export const DNS: Flow = {
  peer: { namespace: 'kube-system', pods: { 'k8s-app': 'kube-dns' } },
  ports: [{ port: 53, protocol: 'UDP' }, tcp(53)],
};

export function networkPolicy(
  scope: Construct,
  id: string,
  metadata: k8s.ObjectMeta,
  { pods, ingress, egress }: NetworkRules,
  override?: Override,
): ApiObject {
  const spec: k8s.NetworkPolicySpec = {
    podSelector: Object.keys(pods).length === 0 ? {} : { matchLabels: pods },
    policyTypes: [...(ingress === undefined ? [] : ['Ingress']), ...(egress === undefined ? [] : ['Egress'])],
    // An empty list and none mean the same; the API server keeps none, and would see a change in every apply.
    ...(ingress === undefined || ingress.length === 0
      ? {}
      : { ingress: ingress.map((flow) => ({ from: [peerOf(flow)], ports: portsOf(flow) })) }),
    ...(egress === undefined || egress.length === 0
      ? {}
      : { egress: egress.map((flow) => ({ to: [peerOf(flow)], ports: portsOf(flow) })) }),
  };
  return emit(scope, id, k8s.KubeNetworkPolicy.manifest({ metadata, spec }), override);
}

const portsOf = ({ ports }: Flow): k8s.NetworkPolicyPort[] =>
  ports.map(({ port, endPort, protocol }) => ({
    port: k8s.IntOrString.fromNumber(port),
    protocol,
    ...(endPort === undefined ? {} : { endPort }),
  }));

function peerOf({ peer }: Flow): k8s.NetworkPolicyPeer {
  if ('cidr' in peer) return { ipBlock: { cidr: peer.cidr } };
  return {
    ...(peer.namespace === undefined
      ? {}
      : { namespaceSelector: { matchLabels: { [NAMESPACE_NAME_LABEL]: peer.namespace } } }),
    ...(peer.pods === undefined ? {} : { podSelector: { matchLabels: peer.pods } }),
  };
}
