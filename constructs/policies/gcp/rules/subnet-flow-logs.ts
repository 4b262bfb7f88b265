import { typePolicy } from '../policy.ts';
import { SUBNETWORK } from '../resource.ts';

interface Subnetwork {
  readonly purpose?: string;
  readonly logConfig?: { readonly flowSampling?: number };
}

/** Rule 20, the network's part. */
export const subnetFlowLogs = typePolicy<Subnetwork>(
  {
    id: 'subnet-flow-logs',
    rules: [20],
    source: 'CIS GKE 1.9, CIS Google Cloud',
    reason: 'after a break-in nobody can say what was reached from where',
  },
  SUBNETWORK,
  ({ purpose = 'PRIVATE', logConfig }) => [
    // Subnets of proxies and of endpoints have no flows to log.
    purpose === 'PRIVATE' && !((logConfig?.flowSampling ?? 0) > 0) && 'logs no flows (logConfig.flowSampling)',
  ],
);
