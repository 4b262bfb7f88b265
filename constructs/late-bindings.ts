import { Binding } from './binding.ts';
import { ConstructError } from './errors.ts';

/** A legal host name, so that whatever parses addresses takes it, under a domain that never resolves (RFC 2606). */
const placeholder = (index: number): string => `late-binding-${index}.penstock.invalid`;
const PLACEHOLDERS = /late-binding-(\d+)\.penstock\.invalid/g;

/**
 * Takes values that another engine knows only later, e.g. Pulumi outputs, into objects that are synthesized now: each
 * is a placeholder until `fill`. A CDK token needs none of this: it is such a placeholder itself.
 *
 * ```
 * const late = new LateBindings<Output<string>>();
 * const objects = synthesize(late.bind(cluster.address));
 * const filled = all(late.values).apply((values) => late.fill(objects, values));
 * ```
 */
export class LateBindings<Late> {
  readonly #values: Late[] = [];

  /** The same value bound twice is one. */
  bind(value: Late): Binding<string> {
    const known = this.#values.indexOf(value);
    return Binding.of(placeholder(known === -1 ? this.#values.push(value) - 1 : known));
  }

  /** In the order in which `fill` wants them settled. */
  get values(): readonly Late[] {
    return this.#values;
  }

  /**
   * The same objects; each text with placeholders in it becomes what `later` makes of their values and of how they fill
   * it. Everything else is known now, and a preview shows it.
   */
  place(
    objects: unknown,
    later: (values: readonly Late[], fill: (settled: readonly string[]) => string) => unknown,
  ): unknown {
    if (typeof objects === 'string') {
      const indexes = [...new Set([...objects.matchAll(PLACEHOLDERS)].map(([, index]) => Number(index)))];
      if (indexes.length === 0) return objects;
      const values = indexes.map((index) => {
        if (index < this.#values.length) return this.#values[index] as Late;
        throw unsettled(placeholder(index));
      });
      return later(values, (settled) => {
        const byIndex: string[] = [];
        for (const [n, index] of indexes.entries()) byIndex[index] = settled[n] as string;
        return fillIn(objects, byIndex) as string;
      });
    }
    if (Array.isArray(objects)) return objects.map((inner) => this.place(inner, later));
    if (objects === null || typeof objects !== 'object') return objects;
    return Object.fromEntries(Object.entries(objects).map(([key, inner]) => [key, this.place(inner, later)]));
  }

  /**
   * The same objects with every placeholder replaced, also inside of longer texts such as URLs and JSON.
   *
   * @throws {ConstructError} `reference-missing` for a placeholder without a value
   */
  fill<T>(objects: T, settled: readonly string[]): T {
    return fillIn(objects, settled) as T;
  }
}

const unsettled = (text: string): ConstructError =>
  new ConstructError('reference-missing', text, 'no value was settled for it; it belongs to other bindings');

function fillIn(value: unknown, settled: readonly string[]): unknown {
  if (typeof value === 'string') {
    return value.replaceAll(PLACEHOLDERS, (text, index: string) => {
      const late = settled[Number(index)];
      if (late === undefined) throw unsettled(text);
      return late;
    });
  }
  if (Array.isArray(value)) return value.map((inner) => fillIn(inner, settled));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, fillIn(inner, settled)]));
}
