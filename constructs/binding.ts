/**
 * A value that may be known only after deployment, e.g. an address that another engine hands out. A construct places it
 * in what it emits and never looks inside: no branch on it, no truth of it, no parsing. That is what lets a CDK token
 * (a text or number that stands for one) or a Pulumi output (a placeholder of `LateBindings`) pass where a plain value
 * passes today.
 */
export class Binding<T> {
  readonly #value: T;

  private constructor(value: T) {
    this.#value = value;
  }

  static of<T>(value: T): Binding<T> {
    return new Binding(value);
  }

  /** For the place in a manifest or template that it goes to, and for nothing else. */
  lower(): T {
    return this.#value;
  }
}
