import { clusterPolicy } from '../policy.ts';

/** Rule 25, what is on. */
export const gkeObserved = clusterPolicy(
  {
    id: 'gke-observed',
    rules: [25],
    source: 'CIS GKE 1.9',
    reason: 'what is not logged did not happen, until somebody asks who did it',
  },
  {
    cluster: ({ loggingConfig, monitoringConfig }) => [
      ...['SYSTEM_COMPONENTS', 'WORKLOADS'].map(
        (component) => loggingConfig?.enableComponents?.includes(component) !== true && `does not log ${component}`,
      ),
      monitoringConfig?.enableComponents?.includes('SYSTEM_COMPONENTS') !== true &&
        'does not measure SYSTEM_COMPONENTS',
    ],
  },
);
