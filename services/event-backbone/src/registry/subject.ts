import { RegistryError } from './registry-error.ts';

export const DEFAULT_CONTEXT = '.';

/** Longer ones are refused, as by what has to fit into a path. */
const LONGEST = 1_024;

/** A subject as `:.context:name`, or by its name alone in the default context. */
export interface Subject {
  readonly context: string;
  readonly name: string;
  /** The one spelling it is kept by. */
  readonly text: string;
}

/** @throws {RegistryError} `request-malformed` */
export function subjectOf(text: string): Subject {
  const [, context = DEFAULT_CONTEXT, name = ''] = /^(?::(\.[^:]*):)?([\s\S]*)$/.exec(text) ?? [];
  if (text.length > LONGEST || [...text].some((character) => character < ' '))
    throw new RegistryError(
      'request-malformed',
      `The subject is longer than ${LONGEST} characters, or has control characters`,
    );
  return { context, name, text: context === DEFAULT_CONTEXT ? name : `:${context}:${name}` };
}
