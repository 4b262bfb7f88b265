import { ComponentResource, type ComponentResourceOptions } from '@pulumi/pulumi';

export interface PolicySuppressionArgs {
  /** Id of the policy. */
  readonly policy: string;
  /** What breaks it, as a finding names it, e.g. `Cluster/mailroom`. */
  readonly resource: string;
  /** Why it has to. */
  readonly reason: string;
}

/**
 * Takes one resource out of one policy. Resources of Google Cloud have no place for a sentence; this one stands beside
 * them in the program, in the preview and in the state, so that whoever reviews one sees the other.
 */
export class PolicySuppression extends ComponentResource {
  constructor(
    name: string,
    { policy, resource, reason }: PolicySuppressionArgs,
    options: ComponentResourceOptions = {},
  ) {
    super('penstock:gcp:PolicySuppression', name, { policy, resource, reason }, options);
    this.registerOutputs();
  }
}
