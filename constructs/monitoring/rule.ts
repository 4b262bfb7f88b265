type Labels = Readonly<Record<string, string>>;

/** Rules that Prometheus evaluates together, in order. The shape of its own files, which every service that runs it takes. */
export interface RuleGroup {
  readonly name: string;
  readonly interval: string;
  readonly rules: readonly (AlertingRule | RecordingRule)[];
}

export interface AlertingRule {
  readonly alert: string;
  readonly expr: string;
  /** Left out: fires at once. */
  readonly for?: string;
  readonly labels: Labels;
  readonly annotations: Labels;
}

export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
  readonly labels: Labels;
}

/** How often the rules of a group are evaluated. */
export const EVALUATION = '1m';
