import { readdirSync, readFileSync } from 'node:fs';
import { zstdDecompressSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { codecOf, parseAvro, parsingCanonicalForm, rabinFingerprint } from '@penstock/kit/schemas';
import { snappyDecompress } from '@platformatic/wasm-utils';
import avro from 'avsc';
import { eventsData, eventsDataRequirement } from '../../../helpers/events-data.ts';
import { describeWith } from '../../../helpers/requirement.ts';

const AVRO = ['avro', 'share', 'test'];

interface CanonicalCase {
  readonly input: string;
  readonly canonical: string;
  readonly fingerprint: bigint | undefined;
}

/** The cases of a file of the Avro project: a schema, its canonical form and, in some, its fingerprint. */
function canonicalCases(text: string): readonly CanonicalCase[] {
  const cases = text
    .replace(/^(?:#|\/\/).*\n/gm, '')
    .split(/(?=<<INPUT)/)
    .filter((part) => part.startsWith('<<INPUT'));
  return cases.map((part) => ({
    input: (/^<<INPUT\n([\s\S]*?)\nINPUT/.exec(part)?.[1] ?? /^<<INPUT (.*)/.exec(part)?.[1] ?? '').trim(),
    canonical: (/<<canonical (.*)/.exec(part)?.[1] ?? '').trim(),
    fingerprint: mapped(/<<fingerprint (-?\d+)/.exec(part)?.[1], BigInt),
  }));
}

const mapped = <T>(text: string | undefined, map: (text: string) => T): T | undefined =>
  text === undefined ? undefined : map(text);

const CODECS = {
  snappy: (data: Buffer, done: (error: Error | null, data?: Buffer) => void) =>
    done(null, snappyDecompress(data.subarray(0, -4))),
  zstandard: (data: Buffer, done: (error: Error | null, data?: Buffer) => void) => done(null, zstdDecompressSync(data)),
};

/** The schema of a container file and what it holds. */
async function containerFile(file: string): Promise<{ readonly schema: string; readonly values: readonly unknown[] }> {
  const decoder = new avro.streams.BlockDecoder({
    codecs: { ...avro.streams.BlockDecoder.defaultCodecs(), ...CODECS } as never,
  });
  const values: unknown[] = [];
  let schema = '';
  decoder.on(
    'metadata',
    (_type: avro.Type, _codec: string, header: { readonly meta: Readonly<Record<string, Buffer>> }) => {
      schema = String(header.meta['avro.schema']);
    },
  );
  decoder.on('data', (value: unknown) => values.push(value));
  await new Promise((resolve, reject) => {
    decoder.on('end', resolve).on('error', reject);
    decoder.end(readFileSync(file));
  });
  return { schema, values };
}

const files = (...path: readonly string[]): readonly string[] =>
  eventsDataRequirement.available
    ? readdirSync(eventsData(...AVRO, ...path), { recursive: true, encoding: 'utf8' })
    : [];

// `test.avro12` is of the container format before Avro 1.3, which another magic begins.
describeWith(eventsDataRequirement, 'the interoperability files of Avro', () => {
  test.each(files('.').filter((file) => file.endsWith('.avro')))('%s is written as it was read', async (file) => {
    const { schema, values } = await containerFile(eventsData(...AVRO, file));
    const codec = codecOf(parseAvro({ text: schema }));
    expect(values.length).toBeGreaterThan(0);
    for (const value of values) expect(codec.decode(codec.encode(value))).toEqual(value);
  });

  test('one codec reads the weather of another, whatever it was compressed by', async () => {
    const [plain, ...others] = await Promise.all(
      ['', '-deflate', '-snappy', '-zstd'].map(
        async (how) => (await containerFile(eventsData(...AVRO, 'data', `weather${how}.avro`))).values,
      ),
    );
    for (const values of others) expect(values).toEqual(plain);
  });

  test.each(files('schemas').filter((file) => file.endsWith('.avsc')))('%s is a schema', (file) => {
    expect(parseAvro({ text: readFileSync(eventsData(...AVRO, 'schemas', file), 'utf8') }).fingerprint).toMatch(
      /^[0-9a-f]{64}$/,
    );
  });

  test('every schema has the canonical form and the fingerprint that Avro says', () => {
    const cases = canonicalCases(readFileSync(eventsData(...AVRO, 'data', 'schema-tests.txt'), 'utf8'));
    expect(cases.length).toBeGreaterThan(30);
    for (const { input, canonical, fingerprint } of cases) {
      if (canonical === '[]') {
        // A union of nothing has a canonical form, but no value: no codec takes it.
        expect(() => parseAvro({ text: input })).toThrow('empty union');
        continue;
      }
      const { node } = parseAvro({ text: input });
      expect(parsingCanonicalForm(node)).toBe(canonical);
      if (fingerprint !== undefined) expect(BigInt.asIntN(64, rabinFingerprint(node))).toBe(fingerprint);
    }
  });

  test('a message of its own is read by the fingerprint in front of it', () => {
    const schema = parseAvro({
      text: readFileSync(eventsData(...AVRO, 'data', 'messageV1', 'test_schema.avsc'), 'utf8'),
    });
    const message = readFileSync(eventsData(...AVRO, 'data', 'messageV1', 'test_message.bin'));
    expect(message.readUInt16BE()).toBe(0xc301);
    expect(message.readBigUInt64LE(2)).toBe(rabinFingerprint(schema.node));
    expect(codecOf(schema).decode(message.subarray(10))).toMatchObject({
      id: 42,
      name: 'Bill',
      tags: ['dog_lover', 'cat_hater'],
    });
  });
});
