import { describe, test } from '@jest/globals';

/** Something a suite needs that not every machine has: a broker, a database, a folder of data. */
export interface Requirement {
  /** One word, as PENSTOCK_REQUIRE spells it. */
  readonly name: string;
  readonly available: boolean;
  readonly howToGet: string;
}

/**
 * A `describe` that is skipped with a printed reason where the requirement is missing, and fails instead where
 * PENSTOCK_REQUIRE (names with spaces between) says that it must be there.
 */
export function describeWith({ name, available, howToGet }: Requirement, title: string, body: () => void): void {
  if (available) {
    describe(title, body);
    return;
  }
  const required = (process.env['PENSTOCK_REQUIRE'] ?? '').split(/[\s,]+/);
  if (required.includes(name)) {
    describe(title, () => {
      test(`has ${name}, which PENSTOCK_REQUIRE asks for`, () => {
        throw new Error(`${name} is missing: ${howToGet}`);
      });
    });
    return;
  }
  process.stderr.write(`skipped: ${title}: ${name} is missing: ${howToGet}\n`);
  describe.skip(title, body);
}
