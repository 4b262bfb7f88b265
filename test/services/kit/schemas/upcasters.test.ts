import { describe, expect, test } from '@jest/globals';
import { codecOf, parseSchema, Upcasters } from '@penstock/kit/schemas';

interface OrderPlaced {
  readonly id: string;
  readonly price: { readonly cents: number; readonly currency: string };
}

const versions = [
  {
    type: 'record',
    name: 'OrderPlaced',
    fields: [
      { name: 'id', type: 'string' },
      { name: 'euros', type: 'double' },
    ],
  },
  {
    type: 'record',
    name: 'OrderPlaced',
    fields: [
      { name: 'id', type: 'string' },
      { name: 'cents', type: 'long' },
    ],
  },
  {
    type: 'record',
    name: 'OrderPlaced',
    fields: [
      { name: 'id', type: 'string' },
      {
        name: 'price',
        type: {
          type: 'record',
          name: 'Price',
          fields: [
            { name: 'cents', type: 'long' },
            { name: 'currency', type: 'string' },
          ],
        },
      },
    ],
  },
].map((schema) => parseSchema({ format: 'AVRO', text: JSON.stringify(schema) }));

const current = codecOf(versions[2] as (typeof versions)[number]);

const upcasters = new Upcasters<OrderPlaced>({
  type: 'OrderPlaced',
  current: 3,
  steps: {
    1: ({ euros, ...rest }: { readonly id: string; readonly euros: number }) => ({
      ...rest,
      cents: Math.round(euros * 100),
    }),
    2: ({ id, cents }: { readonly id: string; readonly cents: number }) => ({ id, price: { cents, currency: 'EUR' } }),
  },
  check(event): asserts event is OrderPlaced {
    current.encode(event);
  },
});

describe('upcasters', () => {
  test('bring an event of any version to the current one, step by step', () => {
    const expected = { id: 'a', price: { cents: 1250, currency: 'EUR' } };
    expect(upcasters.read(1, { id: 'a', euros: 12.5 })).toEqual(expected);
    expect(upcasters.read(2, { id: 'a', cents: 1250 })).toEqual(expected);
    expect(upcasters.read(3, expected)).toEqual(expected);
  });

  test('read every version that is registered', () => {
    expect(upcasters.unread(versions.map((_, index) => index + 1))).toEqual([]);
    expect(upcasters.unread([3, 4])).toEqual([4]);
  });

  test('rejects a version that nothing leads from', () => {
    expect(() => upcasters.read(4, {})).toThrow(expect.objectContaining({ code: 'schema-missing' }));
    expect(() => upcasters.read(0, {})).toThrow(expect.objectContaining({ code: 'schema-missing' }));
  });

  test('rejects what a step cannot read or does not make an event of, and names the version', () => {
    expect(() => upcasters.read(1, null)).toThrow(/step from version 1 failed/);
    expect(() => upcasters.read(2, { id: 7, cents: 1 })).toThrow(/version 2 became no version 3/);
  });

  test('rejects a hole between the steps, and a step that leads beyond the current version', () => {
    const step = (event: unknown) => event;
    expect(() => new Upcasters({ type: 'A', current: 4, steps: { 1: step, 3: step } })).toThrow(
      /no step from version 2/,
    );
    expect(() => new Upcasters({ type: 'A', current: 2, steps: { 1: step, 2: step } })).toThrow(
      /a step from version 2/,
    );
  });
});
