import { defineTask, type JobQueue, type NewJob } from '@penstock/kit/jobs';
import { z } from 'zod';
import { type Order, order } from './order.ts';

const PROVIDER_RETRY = {
  maxAttempts: 12,
  backoff: { kind: 'exponential', initial: '100 milliseconds', maximum: '5 seconds' },
  // What a provider says no to it will say no to again.
  retryable: { 'card-declined': false, 'parcel-refused': false, 'out-of-stock': false },
} as const;

/** Takes the goods from the stock, as far as there are enough. */
export const reserve = defineTask({
  name: 'reserve',
  payload: order,
  retry: { retryable: PROVIDER_RETRY.retryable },
});

/** Charges the customer once. */
export const charge = defineTask({
  name: 'charge',
  payload: order,
  result: z.object({ charge: z.string() }),
  retry: PROVIDER_RETRY,
  downstream: 'payments',
});

/** Hands the parcel to the carrier. */
export const ship = defineTask({
  name: 'ship',
  payload: order,
  result: z.object({ tracking: z.string() }),
  retry: PROVIDER_RETRY,
  downstream: 'carrier',
});

/** Runs whatever became of the steps: confirms the order, or takes back those that were done. */
export const close = defineTask({
  name: 'close',
  payload: order,
  result: z.object({ outcome: z.enum(['fulfilled', 'out-of-stock', 'declined', 'returned']) }),
  retry: PROVIDER_RETRY,
});

/** Tells the customer. */
export const notify = defineTask({
  name: 'notify',
  payload: z.object({ order: z.string(), customer: z.string(), outcome: z.string() }),
  retry: PROVIDER_RETRY,
});

/**
 * The jobs of one order: reserve, then charge, then ship; closing runs after all of them, however they ended. Added in
 * one transaction, so an order is taken with all of its steps or not at all.
 *
 * Customers share the workers fairly, and one customer's orders keep their order.
 */
export function jobsOf(queue: JobQueue, placed: Order): readonly NewJob[] {
  const options = (step: string) => ({ idempotencyKey: `${placed.id}/${step}`, group: placed.customer });
  const reserved = queue.draft(reserve, placed, options('reserve'));
  const charged = queue.draft(charge, placed, { ...options('charge'), needs: [{ job: reserved }] });
  const shipped = queue.draft(ship, placed, { ...options('ship'), needs: [{ job: charged }] });
  const closed = queue.draft(close, placed, {
    ...options('close'),
    needs: [reserved, charged, shipped].map((job) => ({ job, onFailure: 'run' })),
  });
  return [reserved, charged, shipped, closed];
}

export const TASKS = [reserve, charge, ship, close, notify];
