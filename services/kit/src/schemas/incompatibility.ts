/** One reason why a reader cannot read what a writer may have written. */
export interface Incompatibility {
  /** Where in the reader's schema; empty for its root. */
  readonly path: string;
  /** What was broken, as a literal to switch on. */
  readonly rule: IncompatibilityRule;
  /** What the reader does, and what may have been written. */
  readonly message: string;
  /** One change that mends it. */
  readonly repair: string;
}

export type IncompatibilityRule =
  | 'format-changed'
  // Avro
  | 'name-changed'
  | 'type-changed'
  | 'logical-type-changed'
  | 'enum-symbols-missing'
  | 'fixed-size-changed'
  | 'field-without-default'
  | 'union-branch-missing'
  // JSON Schema
  | 'type-narrowed'
  | 'values-narrowed'
  | 'constraint-added'
  | 'property-required'
  | 'property-narrowed'
  | 'items-narrowed'
  | 'branch-missing'
  | 'not-comparable'
  // Protobuf
  | 'package-changed'
  | 'message-missing'
  | 'field-type-changed'
  | 'field-cardinality-changed'
  | 'field-number-reserved'
  | 'field-required'
  | 'fields-joined-in-oneof'
  | 'enum-value-missing'
  | 'enum-value-renumbered';
