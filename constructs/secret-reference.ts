import type { Binding } from './binding.ts';
import { ConstructError } from './errors.ts';

export interface SecretReferenceProps {
  /** Name of the secret in its store: a path, an id or an ARN. */
  readonly key: Binding<string>;
  /** One field of a secret that is a JSON object. @default - the whole secret */
  readonly property?: string;
  /** A version that never changes. @default - the newest one at each refresh */
  readonly version?: string;
}

/**
 * Names a secret by where it is kept, and never holds its value: the only shape in which a secret goes through a
 * construct. A text is none and does not typecheck, so a value cannot reach a manifest, a template or a state file.
 */
export class SecretReference {
  // A private field makes the type nominal: an object of the same shape is not one.
  readonly #props: SecretReferenceProps;

  private constructor(props: SecretReferenceProps) {
    this.#props = props;
  }

  /** @throws {ConstructError} `reference-missing` for a property or version that names nothing */
  static inStore(props: SecretReferenceProps): SecretReference {
    for (const field of ['property', 'version'] as const) {
      if (props[field] === '')
        throw new ConstructError('reference-missing', `secret ${field}`, 'received an empty text, expected a name');
    }
    return new SecretReference(props);
  }

  /** For the place in a manifest that names it, and for nothing else. */
  lower(): { readonly key: string; readonly property?: string; readonly version?: string } {
    const { key, property, version } = this.#props;
    return {
      key: key.lower(),
      ...(property === undefined ? {} : { property }),
      ...(version === undefined ? {} : { version }),
    };
  }
}
