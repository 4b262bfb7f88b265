import type { EventDatabase } from '@penstock/kit/events';
import {
  answerCommands,
  defineMessage,
  defineSaga,
  done,
  on,
  refused,
  type Step,
  startsWith,
  tell,
  when,
  write,
} from '@penstock/kit/sagas';
import { z } from 'zod';

// An order over three services: goods are held, money is taken, the order is approved, the parcel goes out.

const order = z.object({ id: z.string(), cents: z.number().int() });
const reason = z.object({ reason: z.string() });
const nothing = z.object({});

export const orderPlaced = defineMessage('OrderPlaced', order);
export const holdGoods = defineMessage('HoldGoods', order);
export const goodsHeld = defineMessage('GoodsHeld', nothing);
export const goodsRefused = defineMessage('GoodsRefused', reason);
export const returnGoods = defineMessage('ReturnGoods', order);
export const goodsReturned = defineMessage('GoodsReturned', nothing);
export const takeMoney = defineMessage('TakeMoney', order);
export const moneyTaken = defineMessage('MoneyTaken', z.object({ charge: z.string() }));
export const moneyRefused = defineMessage('MoneyRefused', reason);
export const refund = defineMessage('Refund', order);
export const refunded = defineMessage('Refunded', nothing);
export const refundRefused = defineMessage('RefundRefused', reason);
export const approve = defineMessage('Approve', order);
export const approved = defineMessage('Approved', nothing);
export const rejected = defineMessage('Rejected', reason);
export const ship = defineMessage('Ship', order);
export const shipped = defineMessage('Shipped', nothing);
export const orderEnded = defineMessage('OrderEnded', z.object({ id: z.string(), outcome: z.string() }));

const state = order.extend({ charge: z.string().optional() });
type State = z.infer<typeof state>;

type Patience = Pick<Step<State>, 'timeout'> & Partial<Pick<Step<State>, 'attempts' | 'longestTimeout'>>;

export const IMPATIENT: Patience = { timeout: '200 milliseconds', attempts: 3, longestTimeout: '1 second' };
/** Longer than a process needs to come back. */
export const PATIENT: Patience = { timeout: '30 seconds' };

export const shopSaga = (patience: Patience) =>
  defineSaga<State>({
    name: 'shop',
    state,
    starts: startsWith('order', orderPlaced, (placed) => ({ id: placed.id, state: placed })),
    compensatable: [
      {
        name: 'hold',
        to: 'stock',
        command: ({ id, cents }) => write(holdGoods, { id, cents }),
        succeeds: when(goodsHeld),
        fails: [when(goodsRefused)],
        compensation: {
          command: ({ id, cents }) => write(returnGoods, { id, cents }),
          succeeds: when(goodsReturned),
          ...patience,
        },
        ...patience,
      },
      {
        name: 'charge',
        to: 'billing',
        command: ({ id, cents }) => write(takeMoney, { id, cents }),
        succeeds: when(moneyTaken, (before, { charge }) => ({ ...before, charge })),
        fails: [when(moneyRefused)],
        compensation: {
          command: ({ id, cents }) => write(refund, { id, cents }),
          succeeds: when(refunded),
          fails: [when(refundRefused)],
          ...patience,
        },
        ...patience,
      },
    ],
    pivot: {
      name: 'approve',
      to: 'approval',
      command: ({ id, cents }) => write(approve, { id, cents }),
      succeeds: when(approved),
      fails: [when(rejected)],
      ...patience,
    },
    retriable: [
      {
        name: 'ship',
        to: 'stock',
        command: ({ id, cents }) => write(ship, { id, cents }),
        succeeds: when(shipped),
        ...patience,
      },
    ],
    ends: ({ id }, outcome) => [tell('order-outcomes', orderEnded, { id, outcome })],
  });

/** Whether a service says yes. A refund that is refused is refused until it is let through. */
export interface Refusals {
  readonly refuses: (order: string, what: 'hold' | 'charge' | 'approve' | 'refund') => boolean;
}

export const SHOP_SCHEMA = [
  'CREATE TABLE IF NOT EXISTS goods (id TEXT NOT NULL, pieces INTEGER NOT NULL)',
  'CREATE TABLE IF NOT EXISTS money (id TEXT NOT NULL, cents INTEGER NOT NULL)',
  'CREATE TABLE IF NOT EXISTS parcels (id TEXT NOT NULL)',
];

const goods = (id: string, pieces: number) => ({
  sql: 'INSERT INTO goods (id, pieces) VALUES ($1, $2)',
  params: [id, pieces],
});
const money = (id: string, cents: number) => ({
  sql: 'INSERT INTO money (id, cents) VALUES ($1, $2)',
  params: [id, cents],
});

/** The services that are asked, by the topic of each. */
export function participants(database: EventDatabase, { refuses }: Refusals) {
  const no = { reason: 'no' };
  return {
    stock: answerCommands({
      participant: 'stock',
      database,
      commands: [
        on(holdGoods, ({ id }) =>
          refuses(id, 'hold') ? refused(goodsRefused, no) : done(goodsHeld, {}, [goods(id, -1)]),
        ),
        on(returnGoods, ({ id }) => done(goodsReturned, {}, [goods(id, 1)])),
        on(ship, ({ id }) => done(shipped, {}, [{ sql: 'INSERT INTO parcels (id) VALUES ($1)', params: [id] }])),
      ],
    }),
    billing: answerCommands({
      participant: 'billing',
      database,
      commands: [
        on(takeMoney, ({ id, cents }) =>
          refuses(id, 'charge') ? refused(moneyRefused, no) : done(moneyTaken, { charge: id }, [money(id, cents)]),
        ),
        on(refund, ({ id, cents }) =>
          refuses(id, 'refund') ? refused(refundRefused, no) : done(refunded, {}, [money(id, -cents)]),
        ),
      ],
    }),
    approval: answerCommands({
      participant: 'approval',
      database,
      commands: [on(approve, ({ id }) => (refuses(id, 'approve') ? refused(rejected, no) : done(approved, {})))],
    }),
  };
}
