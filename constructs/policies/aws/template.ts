// What policies read of a CloudFormation template. Every field may be missing: a policy judges what anyone wrote.

export interface TemplateResource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly Metadata?: Readonly<Record<string, unknown>>;
}

export interface CloudFormationTemplate {
  readonly Resources?: Readonly<Record<string, TemplateResource>>;
}

/** What lies at a path of properties; undefined where a part of it is missing or is a function of CloudFormation. */
export function at(resource: TemplateResource, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (value, key) =>
        value !== null && typeof value === 'object' ? (value as Readonly<Record<string, unknown>>)[key] : undefined,
      resource.Properties,
    );
}

/** A list, also of one that was written without brackets, as statements of IAM may be. */
export const listOf = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : value === undefined ? [] : [value];
