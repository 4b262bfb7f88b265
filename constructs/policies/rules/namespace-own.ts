import type { Policy } from '../policy.ts';

const CLUSTER_SCOPED: readonly string[] = [
  'Namespace',
  'ClusterRole',
  'ClusterRoleBinding',
  'CustomResourceDefinition',
  'StorageClass',
  'PersistentVolume',
  'PriorityClass',
  'RuntimeClass',
  'DeviceClass',
  'GatewayClass',
  'NodePool',
  'EC2NodeClass',
  'NodeClass',
  'ClusterQueue',
  'ResourceFlavor',
  'ClusterIssuer',
  'ClusterSecretStore',
  'ClusterTriggerAuthentication',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionPolicyBinding',
  'ValidatingWebhookConfiguration',
];
const SHARED: readonly string[] = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

/** Rule 30. */
export const namespaceOwn: Policy = {
  id: 'namespace-own',
  rules: [30],
  source: 'CIS EKS 4.5.2, NSA/CISA',
  reason: 'quotas, network policies and rights are per namespace: in a shared one none of them is ours',
  check({ kind, metadata }) {
    if (CLUSTER_SCOPED.includes(kind)) return [];
    const { namespace } = metadata;
    if (namespace === undefined) return ['states no namespace and lands wherever it is applied'];
    return SHARED.includes(namespace) ? [`lies in ${namespace}, expected a namespace of its own`] : [];
  },
};
