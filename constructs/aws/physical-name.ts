import { ConstructError } from '../errors.ts';

const SHAPE = /^[a-z](?:-?[a-z0-9])*$/;

/** The longest name of each kind that has one, in characters: the limits of its service. */
const LONGEST = {
  cluster: 100,
  'MSK cluster': 64,
  'Aurora cluster': 63,
  'RabbitMQ broker': 50,
  'Valkey cache': 40,
  'Valkey user': 40,
  'SageMaker endpoint': 63,
  guardrail: 50,
  topic: 256,
  'Grafana workspace': 255,
} as const;

export type NamedKind = keyof typeof LONGEST;

/**
 * A name that Amazon takes for the kind of resource: lower-case words with hyphens are legal for all of them.
 *
 * @throws {ConstructError} `name-too-long`
 * @throws {ConstructError} `name-malformed` for other characters
 */
export function physicalName(kind: NamedKind, name: string): string {
  if (!SHAPE.test(name))
    throw new ConstructError(
      'name-malformed',
      `${kind} ${JSON.stringify(name)}`,
      'expected lower-case letters, digits and single hyphens, beginning with a letter',
    );
  const longest = LONGEST[kind];
  if (name.length > longest)
    throw new ConstructError('name-too-long', `${kind} ${name}`, `has ${name.length} characters, expected ${longest}`);
  return name;
}
