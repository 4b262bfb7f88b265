import type { SpecReader } from './spec-reader.ts';
import type { ViolationCode } from './violations.ts';

/** What a service declares of the others it deals with, by the roles they play in its code. */
interface Roles {
  readonly name: string;
  readonly calls?: readonly string[];
  readonly publishes?: Readonly<Record<string, string>>;
}

interface Words {
  readonly missing: ViolationCode;
  readonly undeclared: ViolationCode;
  readonly what: string;
  readonly example: string;
  readonly declared: (service: Roles) => readonly string[];
}

const WORDS: Readonly<Record<'calls' | 'publishes', Words>> = {
  calls: {
    missing: 'call-missing',
    undeclared: 'call-undeclared',
    what: 'the engine that',
    example: "engine: '...'",
    declared: ({ calls = [] }) => calls,
  },
  publishes: {
    missing: 'publish-missing',
    undeclared: 'publish-undeclared',
    what: 'the queue that',
    example: "queue: '...'",
    declared: ({ publishes = {} }) => Object.keys(publishes),
  },
};

/** Reads what stands behind each role of a service, and reports roles that one side knows and the other does not. */
export function readRoles<F extends object>(
  reader: SpecReader,
  key: 'calls' | 'publishes',
  service: Roles | undefined,
  read: (role: SpecReader) => F | undefined,
): readonly (F & { readonly role: string })[] {
  const entries = reader.entries(key);
  const roles = entries.flatMap(([role, entry]) => {
    const facts = read(entry);
    return facts === undefined ? [] : [{ ...facts, role }];
  });
  if (service !== undefined) {
    const written = entries.map(([role]) => role);
    checkRoles(reader, key, service, written);
  }
  return roles;
}

function checkRoles(reader: SpecReader, key: 'calls' | 'publishes', service: Roles, written: readonly string[]): void {
  const words = WORDS[key];
  const declared = words.declared(service);
  const verb = key === 'calls' ? 'calls' : 'publishes to';
  for (const role of declared.filter((each) => !written.includes(each))) {
    reader.report(
      words.missing,
      `${key}.${role}`,
      undefined,
      `${words.what} ${service.name} ${verb} as ${role}`,
      `add ${role}: { ${words.example} }`,
    );
  }
  for (const role of written.filter((each) => !declared.includes(each))) {
    reader.report(
      words.undeclared,
      `${key}.${role}`,
      role,
      `${declared.length === 0 ? `no ${key}` : declared.join(', ')}: what ${service.name} declares`,
      `remove it, or declare it among the ${key} of the service.ts`,
    );
  }
}
