import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createRegistryApi } from '@penstock/event-backbone/registry';
import { penstock } from './command.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'penstock-schemas-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

const order = (...fields: readonly object[]): string => JSON.stringify({ type: 'record', name: 'Order', fields });
const id = { name: 'id', type: 'string' };

const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
const schemas = (verb: string, ...options: readonly string[]) =>
  penstock(['schemas', verb, '--folder', folder, ...options]);

test('a schema that was locked may change as its level allows, and the lock keeps every version', async () => {
  write('orders-value.avsc', order(id));
  expect(await schemas('lock')).toMatchObject({ status: 0, stdout: expect.stringContaining('orders-value  new') });
  write('orders-value.avsc', order(id, { name: 'cents', type: 'long', default: 0 }));
  expect(await schemas('check')).toMatchObject({ status: 0, stdout: expect.stringContaining('changed') });
  await schemas('lock');
  const lock = JSON.parse(readFileSync(join(folder, 'schemas.lock.json'), 'utf8')) as {
    readonly subjects: Readonly<Record<string, readonly object[]>>;
  };
  expect(lock.subjects['orders-value']).toHaveLength(2);
}, 60_000);

test('rejects every schema that breaks its promise by one report of all faults', async () => {
  write('orders-value.avsc', order(id));
  write('payments-value.json', '{"type":"object","properties":{"id":{"type":"string"}},"additionalProperties":false}');
  write('parcels-value.proto', 'syntax = "proto3"; message Parcel { string id = 1; }');
  await schemas('lock');
  write('orders-value.avsc', order(id, { name: 'cents', type: 'long' }));
  write(
    'payments-value.json',
    '{"type":"object","properties":{"id":{"type":"integer"}},"required":["id"],"additionalProperties":false}',
  );
  write('parcels-value.proto', 'syntax = "proto3"; message Parcel { int32 id = 1; }');
  write('broken-value.avsc', '{');
  const { status, stderr } = await schemas('check');
  expect(status).toBe(1);
  for (const fault of [
    'orders-value.avsc#/fields/1(cents)  [field-without-default]  cannot read version 1',
    'payments-value.json#/properties/id/type  [type-narrowed]',
    'payments-value.json#/required  [property-required]',
    'parcels-value.proto#/Parcel/id  [field-type-changed]',
    'broken-value.avsc: Avro schema: no JSON',
  ])
    expect(stderr).toContain(fault);
}, 60_000);

test('a schema is held against the folder at a commit of git', async () => {
  const git = (...args: readonly string[]) =>
    execFileSync('git', ['-C', folder, '-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args]);
  write('orders-value.avsc', order(id));
  git('init', '-q');
  git('add', '.');
  git('commit', '-qm', 'first');
  write('orders-value.avsc', order(id, { name: 'cents', type: 'long' }));
  expect(await schemas('check', '--against', 'git:HEAD')).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('field-without-default'),
  });
  expect(await schemas('check', '--against', 'git:HEAD', '--level', 'FORWARD')).toMatchObject({ status: 0 });
  expect(await schemas('check', '--against', 'git:nowhere')).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('nowhere'),
  });
}, 60_000);

test('schemas are published in the order of their use, and not where they break what the registry has', async () => {
  const api = createRegistryApi({ path: ':memory:' });
  const url = await api.listen({ host: '127.0.0.1', port: 0 });
  write('money.proto', 'syntax = "proto3"; message Money { int64 cents = 1; }');
  write('cart.proto', 'syntax = "proto3"; import "money.proto"; message Cart { Money total = 1; }');
  write('schemas.json', '{"subjects":{"cart":{"references":{"money.proto":"money"}}}}');
  expect(await schemas('publish', '--registry', url)).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('cart  version 1  id 2'),
  });
  write('money.proto', 'syntax = "proto3"; message Money { string cents = 1; }');
  expect(await schemas('publish', '--registry', url)).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('field-type-changed'),
  });
  expect((await api.inject('/subjects/money/versions')).json()).toEqual([1]);
  await api.close();
}, 60_000);

test('types are written, and a check says when they are not what the schemas say', async () => {
  const out = join(folder, 'events.ts');
  write('orders-value.avsc', order(id));
  expect(await schemas('generate', '--out', out)).toMatchObject({ status: 0 });
  expect(readFileSync(out, 'utf8')).toContain("readonly 'orders-value': Order;");
  expect(await schemas('generate', '--out', out, '--check')).toMatchObject({ status: 0 });
  write('orders-value.avsc', order(id, { name: 'cents', type: 'long' }));
  expect(await schemas('generate', '--out', out, '--check')).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('is not what the schemas say'),
  });
}, 60_000);

test('rejects a manifest that names what is not there', async () => {
  write('schemas.json', '{"subjects":{"orders":{"references":{"x":"nobody"}}}}');
  expect(await schemas('check')).toMatchObject({ status: 2, stderr: expect.stringContaining('orders has no file') });
}, 60_000);
