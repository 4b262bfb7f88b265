import { clusterPolicy } from '../policy.ts';

/** Rule 18. A shorter prefix is no network of anybody's. */
const WIDEST_PREFIX = 16;

export const gkePrivate = clusterPolicy(
  {
    id: 'gke-private',
    rules: [18],
    source: 'CIS GKE 1.9, trivy GCP-0059',
    reason:
      'a control plane that the internet reaches is one stolen token, or one flaw of its own, away from everything in it',
  },
  {
    cluster: ({ privateClusterConfig, masterAuthorizedNetworksConfig }) => {
      const networks = masterAuthorizedNetworksConfig?.cidrBlocks ?? [];
      return [
        privateClusterConfig?.enablePrivateNodes !== true && 'gives nodes public addresses (enablePrivateNodes)',
        privateClusterConfig?.enablePrivateEndpoint !== true &&
          networks.length === 0 &&
          'has a public endpoint without authorized networks, expected one of both',
        ...networks.map(
          ({ cidrBlock = '0.0.0.0/0' }) =>
            !(Number(cidrBlock.split('/')[1]) >= WIDEST_PREFIX) &&
            `authorizes ${cidrBlock}, expected a /${WIDEST_PREFIX} at most`,
        ),
      ];
    },
    pool: ({ networkConfig }) => [
      networkConfig?.enablePrivateNodes !== true && 'gives nodes public addresses (enablePrivateNodes)',
    ],
  },
);
