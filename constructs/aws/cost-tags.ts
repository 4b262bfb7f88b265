/** Tags by which a bill is split. Somebody with the payer's account has to switch them on once. */
export const COST_TAGS = {
  platform: 'penstock:platform',
  /** `<platform>-<environment>`: a budget filters by one tag. */
  environment: 'penstock:environment',
  /** What changes together: network, data, cluster, workloads. */
  stack: 'penstock:stack',
} as const;
