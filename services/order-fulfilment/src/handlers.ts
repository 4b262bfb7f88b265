import type { JobQueue } from '@penstock/kit/jobs';
import { handle, type JobContext, type TaskHandler } from '@penstock/kit/jobs';
import { bookCharge, bookRefund, bookShipment, closeAs, hold, noteNotified, putBack } from './books.ts';
import { ProviderRefusal, type Providers } from './providers.ts';
import { charge, close, notify, reserve, ship } from './tasks.ts';

/** What a handler has to know of the books; read after the transaction that wrote it. */
export interface BooksReader {
  reservationOf(order: string): 'held' | 'refused' | 'returned' | undefined;
}

export function orderHandlers(queue: JobQueue, providers: Providers, books: BooksReader): readonly TaskHandler[] {
  return [
    handle(reserve, async ({ payload: placed }, context) => {
      // In a step: whether there were enough is decided where it is written, and read after it.
      await context.step('hold', async ({ effect }) => effect({ statements: hold(placed) }));
      if (books.reservationOf(placed.id) !== 'held')
        throw new ProviderRefusal('out-of-stock', `not enough of ${placed.sku}`);
    }),

    handle(charge, async ({ payload: placed }, context) => {
      const id = await providers.charge(placed.id, placed.card, placed.totalCents, context.signal);
      context.effect({ statements: bookCharge(placed) });
      return { charge: id };
    }),

    handle(ship, async ({ payload: placed }, context) => {
      const tracking = await providers.ship(placed.id, placed.address, context.signal);
      context.effect({ statements: [bookShipment(placed.id, tracking)] });
      return { tracking };
    }),

    handle(close, async ({ payload: placed }, context) => {
      const outcome = outcomeOf(context);
      const charged = resultOf<{ readonly charge: string }>(context, 'charge');
      if (outcome === 'returned' && charged !== undefined) {
        await providers.refund(placed.id, charged.charge, placed.totalCents, context.signal);
        context.effect({ statements: bookRefund(placed) });
      }
      if (outcome !== 'fulfilled') context.effect({ statements: putBack(placed) });
      context.effect({ statements: [closeAs(placed.id, outcome)] });
      const told = { order: placed.id, customer: placed.customer, outcome };
      context.follow(queue.draft(notify, told, { idempotencyKey: `${placed.id}/notify`, group: placed.customer }));
      return { outcome };
    }),

    handle(notify, async ({ payload: { order, customer, outcome } }, context) => {
      await providers.notify(order, customer, outcome, context.signal);
      context.effect({ statements: [noteNotified(order, outcome)] });
    }),
  ];
}

/** What became of an order, by the first step that did not succeed. */
function outcomeOf({ needs }: JobContext): 'fulfilled' | 'out-of-stock' | 'declined' | 'returned' {
  const didSucceed = (task: string): boolean =>
    needs.some((needed) => needed.task === task && needed.state === 'succeeded');
  if (!didSucceed('reserve')) return 'out-of-stock';
  if (!didSucceed('charge')) return 'declined';
  return didSucceed('ship') ? 'fulfilled' : 'returned';
}

const resultOf = <Result>({ needs }: JobContext, task: string): Result | undefined =>
  needs.find((needed) => needed.task === task)?.result as Result | undefined;
