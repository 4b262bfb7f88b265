import { ConstructError } from '../errors.ts';

const SHAPE = /^[a-z](?:-?[a-z0-9])*$/;

/**
 * A name that Amazon takes for the kind of resource: lower-case words with hyphens are legal for all of them.
 *
 * @param longest the service's own limit, in characters
 * @throws {ConstructError} `name-too-long`
 * @throws {ConstructError} `name-malformed` for other characters
 */
export function physicalName(kind: string, name: string, longest: number): string {
  if (!SHAPE.test(name))
    throw new ConstructError(
      'name-malformed',
      `${kind} ${JSON.stringify(name)}`,
      'expected lower-case letters, digits and single hyphens, beginning with a letter',
    );
  if (name.length > longest)
    throw new ConstructError('name-too-long', `${kind} ${name}`, `has ${name.length} characters, expected ${longest}`);
  return name;
}
