import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { OutboxRelay } from '@penstock/kit/events';
import { createApi } from '../../services/event-backbone/src/api.ts';
import { type EventsFixture, openFixture } from '../services/kit/events/fixture.ts';
import { until } from '../services/kit/events/outbox-suite.ts';
import { place, provisionShop, statusOf } from '../services/kit/sagas/saga-suite-parts.ts';
import { startShop } from '../services/kit/sagas/shop-parts.ts';
import { penstock } from './command.ts';

// Sagas as an operator sees them: a real event backbone, and the command as a process.

let opened: AsyncDisposableStack;
let fixture: EventsFixture;
let url: string;
let isClosed = true;

beforeAll(async () => {
  opened = new AsyncDisposableStack();
  fixture = opened.use(await openFixture());
  await provisionShop(fixture);
  const api = createApi({ ...fixture, relay: new OutboxRelay({ ...fixture, owner: 'relay' }) });
  opened.defer(() => api.close());
  url = await api.listen({ host: '127.0.0.1', port: 0 });
  const refuses = (_: string, what: string): boolean => what === 'approve' || (what === 'refund' && isClosed);
  opened.use(startShop(fixture.database, fixture.log, { refuses }));
  await place(fixture, 'a');
  await until(async () => (await statusOf(fixture, 'a')) === 'parked');
}, 60_000);
afterAll(() => opened.disposeAsync());

const sagas = (...args: readonly string[]) => penstock(['sagas', ...args, '--url', url]);

test('what is stuck is listed with why, inspected, and goes on when it is let', async () => {
  const { stdout: listed } = await sagas('ls', '--stuck');
  expect(listed).toMatch(/^shop {2}a {3}parked {2}undo charge .* charge cannot be undone: RefundRefused$/m);
  const { stdout: inspected } = await sagas('inspect', 'shop', 'a');
  expect(inspected).toMatch(/approve +failed .*compensating +Rejected$/m);
  expect(inspected).toContain('state {"id":"a","cents":500,"charge":"a"}');
  isClosed = false;
  const { stdout: retried, status } = await sagas('retry', 'shop', 'a');
  expect([status, retried]).toEqual([0, expect.stringMatching(/compensating|compensated/)]);
  await until(async () => (await statusOf(fixture, 'a')) === 'compensated');
  const { stdout: json } = await sagas('ls', '--saga', 'shop', '--status', 'compensated', '--json');
  expect(JSON.parse(json)).toMatchObject({ counts: [{ saga: 'shop', count: 1 }], sagas: [{ id: 'a' }] });
}, 60_000);

test('a chain that nobody knows is empty', async () => {
  expect((await sagas('chain', 'nothing')).stdout).toBe('no link is known\n');
}, 30_000);

test.each([
  ['a saga that there is not', ['inspect', 'shop', 'b'], 'no saga shop b'],
  ['a saga that goes on by itself', ['retry', 'shop', 'a'], 'not parked'],
  ['a status that there is not', ['ls', '--status', 'lost'], 'status'],
  ['a name that is missing', ['inspect', 'shop'], 'received 1 names, expected 2'],
  ['a verb that there is not', ['undo'], 'no verb'],
])(
  'rejects %s',
  async (_, args, said) => {
    await until(async () => (await statusOf(fixture, 'a')) === 'compensated');
    const { status, stderr } = await sagas(...args);
    expect([status, stderr]).toEqual([2, expect.stringContaining(said)]);
  },
  30_000,
);
