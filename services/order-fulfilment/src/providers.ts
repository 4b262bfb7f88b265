import { KitError } from '@penstock/kit';

/** The payment provider and the carrier: other people's services, reached over HTTP. */
export interface Providers {
  /** @returns the provider's name of the charge. @throws {ProviderRefusal} `card-declined` */
  charge(order: string, card: string, cents: number, signal: AbortSignal): Promise<string>;
  refund(order: string, charge: string, cents: number, signal: AbortSignal): Promise<void>;
  /** @returns the tracking number. @throws {ProviderRefusal} `parcel-refused` */
  ship(order: string, address: string, signal: AbortSignal): Promise<string>;
  notify(order: string, customer: string, outcome: string, signal: AbortSignal): Promise<void>;
}

/** A provider said no, and would say so again. */
export class ProviderRefusal extends Error {
  override readonly name = 'ProviderRefusal';
  readonly retryable = false;
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

const REFUSED = [402, 409, 422];
const ANSWERS_WITHIN_MS = 2_000;

/** Every call carries a key that is the same for each attempt: a provider that did it before answers as it did then. */
export function httpProviders(url: string): Providers {
  const post = async (
    path: string,
    key: string,
    body: object,
    signal: AbortSignal,
  ): Promise<{ readonly id: string }> => {
    const response = await call(new URL(path, url), key, body, signal);
    if (response.ok) return (await response.json()) as { readonly id: string };
    const { code, message } = (await response.json().catch(() => ({}))) as { code?: string; message?: string };
    if (REFUSED.includes(response.status)) throw new ProviderRefusal(code ?? 'refused', message ?? `refused ${path}`);
    const retryAfter = Number(response.headers.get('retry-after'));
    throw new KitError('engine-failed', `${path} answered ${response.status}`, {
      ...(Number.isFinite(retryAfter) && retryAfter > 0 ? { retryAfterMs: retryAfter * 1_000 } : {}),
    });
  };
  return {
    charge: async (order, card, cents, signal) =>
      (await post('/charges', `charge/${order}`, { order, card, cents }, signal)).id,
    refund: async (order, charge, cents, signal) => {
      await post('/refunds', `refund/${order}`, { charge, cents }, signal);
    },
    ship: async (order, address, signal) => (await post('/parcels', `ship/${order}`, { order, address }, signal)).id,
    notify: async (order, customer, outcome, signal) => {
      await post('/messages', `notify/${order}`, { order, customer, outcome }, signal);
    },
  };
}

async function call(url: URL, key: string, body: object, signal: AbortSignal): Promise<Response> {
  try {
    return await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify(body),
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWERS_WITHIN_MS)]),
    });
  } catch (cause) {
    if (signal.aborted) throw signal.reason;
    throw new KitError('engine-failed', `${url.pathname}: no answer`, { cause });
  }
}
