import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { eventTypes, parseSchema, type Schema } from '@penstock/kit/schemas';
import { compile } from '../../../helpers/compiler.ts';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const GOLDEN = join(import.meta.dirname, 'golden', 'events.ts');

const avro = parseSchema({
  format: 'AVRO',
  text: JSON.stringify({
    type: 'record',
    name: 'shop.Order',
    doc: 'An order as it was placed.',
    fields: [
      { name: 'id', type: 'string' },
      { name: 'cents', type: 'long', doc: 'Price in cents. */' },
      { name: 'note', type: ['null', 'string'] },
      { name: 'state', type: { type: 'enum', name: 'State', symbols: ['OPEN', 'PAID'] } },
      {
        name: 'lines',
        type: {
          type: 'array',
          items: {
            type: 'record',
            name: 'Line',
            fields: [
              { name: 'sku', type: 'string' },
              { name: 'parent', type: ['null', 'Line'] },
            ],
          },
        },
      },
      { name: 'amount', type: ['int', 'double'] },
      { name: 'hash', type: { type: 'fixed', name: 'Hash', size: 4 } },
      { name: 'tags', type: { type: 'map', values: 'string' } },
    ],
  }),
});

const json = parseSchema({
  format: 'JSON',
  text: JSON.stringify({
    title: 'Payment',
    description: 'What was paid.',
    type: 'object',
    properties: {
      id: { type: 'string', description: 'Its id.' },
      method: { enum: ['card', "buyer's account"] },
      amount: { $ref: '#/definitions/amount' },
      parts: { type: 'array', items: { anyOf: [{ type: 'integer' }, { type: 'null' }] } },
      pair: { type: 'array', items: [{ type: 'string' }, { type: 'number' }], additionalItems: false, minItems: 1 },
      'odd-name': {},
    },
    required: ['id', 'amount'],
    definitions: {
      amount: {
        type: 'object',
        properties: { cents: { type: 'integer' }, of: { $ref: '#/definitions/amount' } },
        required: ['cents'],
      },
    },
  }),
});

const protobuf = parseSchema({
  format: 'PROTOBUF',
  text: `syntax = "proto3"; package shop.v1; import "google/protobuf/timestamp.proto";
    message Parcel { string id = 1; int64 weight_grams = 2; repeated Stop stops = 3; map<string, double> fees = 4; optional bool fragile = 5;
      State state = 6; google.protobuf.Timestamp sent_at = 7; bytes label = 8; oneof to { string street = 9; Stop shop = 10; }
      message Stop { string place = 1; } enum State { STATE_UNKNOWN = 0; SENT = 1; } }`,
});

const schemas: Readonly<Record<string, Schema>> = {
  'orders-value': avro,
  'payments-value': json,
  'parcels-value': protobuf,
};

test('the types of schemas are the same text every time, whatever order they come in', () => {
  const text = eventTypes(schemas);
  expect(eventTypes(Object.fromEntries(Object.entries(schemas).reverse()))).toBe(text);
  if (process.env['PENSTOCK_UPDATE_GOLDEN'] === '1') writeFileSync(GOLDEN, text);
  expect(text).toBe(readFileSync(GOLDEN, 'utf8'));
});

const USE = `
import type { Events } from './events.ts';
export const order: Events['orders-value'] = { id: 'a', cents: 1, note: null, state: 'OPEN', lines: [{ sku: 's', parent: { sku: 't', parent: null } }], amount: { int: 1 }, hash: new Uint8Array(4), tags: {} };
export const payment: Events['payments-value'] = { id: 'a', method: "buyer's account", amount: { cents: 1, of: { cents: 2 } }, parts: [1, null], pair: ['a'], 'odd-name': 1 };
export const parcel: Events['parcels-value'] = { id: 'a', weightGrams: '7', stops: [{ place: 'x' }], fees: { x: 1.5 }, state: 'SENT', label: '', street: 's' };
// @ts-expect-error: no such state
export const state: Events['orders-value']['state'] = 'LOST';
// @ts-expect-error: a 64-bit integer is a text
export const weight: Events['parcels-value']['weightGrams'] = 7;
// @ts-expect-error: what is required is missing
export const empty: Events['payments-value'] = { id: 'a' };
`;

test('they compile, take what the schemas allow and refuse what they do not', () => {
  mkdirSync(join(ROOT, '.penstock'), { recursive: true });
  const folder = mkdtempSync(join(ROOT, '.penstock', 'events-'));
  writeFileSync(join(folder, 'events.ts'), eventTypes(schemas));
  writeFileSync(join(folder, 'use.ts'), USE);
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ extends: '../../tsconfig.json', include: ['*.ts'], exclude: [] }),
  );
  const outcome = compile(folder);
  rmSync(folder, { recursive: true });
  expect(outcome).toEqual({ status: 0, output: '' });
}, 60_000);
