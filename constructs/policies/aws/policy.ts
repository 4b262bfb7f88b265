import type { CloudFormationTemplate, TemplateResource } from './template.ts';

/** One rule over the resources of CloudFormation templates. */
export interface TemplatePolicy {
  /** Kebab-case; stands in suppressions and findings. Never changes. */
  readonly id: string;
  /** Its numbers in the catalogue of rules; none for what this house alone asks for. */
  readonly rules: readonly number[];
  /** Who asks for it beside us. */
  readonly source: string;
  /** What goes wrong for whom when it is broken, in one sentence. */
  readonly reason: string;
  /** Types of resources it looks at, e.g. `AWS::MSK::Cluster`. */
  readonly types: readonly string[];
  /** What is wrong with one of them, seen in its template; empty texts and `false` when it holds. */
  readonly check: (resource: TemplateResource, template: CloudFormationTemplate) => readonly (string | false)[];
}
