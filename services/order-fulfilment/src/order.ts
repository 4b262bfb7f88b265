import { z } from 'zod';

/** What a customer ordered. Money is in cents, always. */
export const order = z.object({
  id: z.string(),
  customer: z.string(),
  sku: z.string(),
  quantity: z.number().int().positive(),
  totalCents: z.number().int().positive(),
  /** What the payment provider knows the customer's means of payment by. */
  card: z.string(),
  address: z.string(),
});

export type Order = z.infer<typeof order>;
