import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Order } from '@penstock/order-fulfilment/order';

/** Orders, and what they come from. The same orders each time. */
export interface OrderSource {
  readonly title: string;
  /** The rule that makes orders of the data, for people. */
  readonly rule: string;
  readonly orders: readonly Order[];
}

interface Flight {
  readonly delay: number;
  readonly distance: number;
  readonly origin: string;
  readonly destination: string;
}

const DECLINED_FROM_MINUTES = 90;
const REFUSED_FROM_MINUTES = 60;

/** Of the flights that a package carries: real routes, distances and delays. */
export async function flightOrders(most: number): Promise<OrderSource> {
  const folder = join(dirname(fileURLToPath(import.meta.resolve('vega-datasets'))), '..', 'data');
  const flights = JSON.parse(await readFile(join(folder, 'flights-5k.json'), 'utf8')) as readonly Flight[];
  const orders = flights.slice(0, most).map(
    ({ delay, distance, origin, destination }, index): Order => ({
      id: `flight-${index + 1}`,
      customer: destination,
      sku: origin,
      quantity: 1 + (distance % 3),
      totalCents: (1 + (distance % 3)) * (99 + 10 * distance),
      card: delay >= DECLINED_FROM_MINUTES ? `declined-${index}` : `card-${index}`,
      address:
        delay >= REFUSED_FROM_MINUTES && delay < DECLINED_FROM_MINUTES ? `unreachable ${destination}` : destination,
    }),
  );
  return {
    title: 'flights within the United States in 2001',
    rule: `origin = article, destination = customer, distance = price and quantity; ${DECLINED_FROM_MINUTES} minutes late = card declined, ${REFUSED_FROM_MINUTES} = parcel refused`,
    orders,
  };
}

/** Of the log of a permit process: an order a case. @param file `events/receipt.csv` */
export async function permitOrders(file: string, most: number): Promise<OrderSource> {
  const [head = '', ...lines] = (await readFile(file, 'utf8')).trimEnd().split('\n');
  const columns = head.trim().split(',');
  const cases = new Map<string, { events: number; readonly customer: string; readonly sku: string }>();
  for (const line of lines) {
    const values = line.split(',');
    const field = (name: string): string => values[columns.indexOf(name)] ?? '';
    const id = field('case:concept:name');
    const seen = cases.get(id);
    if (seen !== undefined) seen.events++;
    else cases.set(id, { events: 1, customer: field('case:responsible'), sku: field('case:group') });
  }
  const orders = [...cases].slice(0, most).map(
    ([id, { events, customer, sku }]): Order => ({
      id,
      customer,
      sku,
      quantity: events,
      totalCents: events * 1_250 + 99,
      card: events % 11 === 0 ? `declined-${id}` : `card-${id}`,
      address: events % 7 === 0 ? `unreachable ${customer}` : customer,
    }),
  );
  return {
    title: 'cases of a permit process',
    rule: 'responsible = customer, group = article, events = quantity and price; 11 events = card declined, 7 = parcel refused',
    orders,
  };
}

/** A little less of each article than is ordered: somebody has to be told no. */
export function stockFor(orders: readonly Order[]): ReadonlyMap<string, number> {
  const demand = new Map<string, number>();
  for (const { sku, quantity } of orders) demand.set(sku, (demand.get(sku) ?? 0) + quantity);
  return new Map([...demand].map(([sku, quantity]) => [sku, Math.floor(0.95 * quantity)]));
}
