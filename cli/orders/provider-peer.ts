import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the providers have on their own books. */
export interface ProviderBooks {
  /** Cents by order. */
  readonly charges: ReadonlyMap<string, number>;
  readonly refunds: ReadonlyMap<string, number>;
  readonly parcels: ReadonlySet<string>;
  readonly messages: ReadonlySet<string>;
  /** Calls that came with a key that had been done before. */
  readonly repeats: number;
  /** Calls that were refused with 503, and calls that were done and whose answer was dropped. */
  readonly faults: { readonly unavailable: number; readonly answersLost: number };
}

interface Call {
  readonly order?: string;
  readonly charge?: string;
  readonly cents?: number;
  readonly card?: string;
  readonly address?: string;
}

interface Answer {
  readonly status: number;
  readonly body: object;
}

/** One call in so many meets each fault, at its first try only: which ones follows from the seed and the key. */
const FAULT_ONE_IN = 12;

/**
 * Stand-ins for a payment provider, a carrier and a mail service on this machine. They do what such services do that
 * matters here: keep a key for each call, refuse, be unavailable, and lose answers of what they have done.
 */
export class ProviderPeer {
  readonly #server: Server;
  readonly #seed: string;
  readonly #answers = new Map<string, Answer>();
  readonly #met = new Set<string>();
  readonly #charges = new Map<string, number>();
  readonly #refunds = new Map<string, number>();
  readonly #parcels = new Set<string>();
  readonly #messages = new Set<string>();
  #repeats = 0;
  #unavailable = 0;
  #answersLost = 0;

  private constructor(seed: string) {
    this.#seed = seed;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  static async listen(seed: string): Promise<ProviderPeer> {
    const peer = new ProviderPeer(seed);
    await new Promise<void>((resolve, reject) => {
      peer.#server.once('error', reject);
      peer.#server.listen(0, '127.0.0.1', resolve);
    });
    return peer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get books(): ProviderBooks {
    return {
      charges: this.#charges,
      refunds: this.#refunds,
      parcels: this.#parcels,
      messages: this.#messages,
      repeats: this.#repeats,
      faults: { unavailable: this.#unavailable, answersLost: this.#answersLost },
    };
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const key = String(request.headers['idempotency-key']);
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const call = JSON.parse(Buffer.concat(chunks).toString()) as Call;
      if (this.#meets('unavailable', key)) {
        this.#unavailable++;
        response.writeHead(503).end();
        return;
      }
      const known = this.#answers.get(key);
      if (known !== undefined) this.#repeats++;
      const answer = known ?? this.#do(request.url ?? '', call, key);
      this.#answers.set(key, answer);
      if (this.#meets('answer-lost', key)) {
        this.#answersLost++;
        request.socket.destroy();
        return;
      }
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
    } catch {
      // A caller that died in the middle of its call.
      response.destroy();
    }
  }

  #do(path: string, call: Call, key: string): Answer {
    const order = call.order ?? call.charge ?? '';
    const cents = call.cents ?? 0;
    switch (path) {
      case '/charges':
        if (call.card?.startsWith('declined')) return refused('card-declined');
        this.#charges.set(order, (this.#charges.get(order) ?? 0) + cents);
        break;
      case '/refunds':
        this.#refunds.set(order, (this.#refunds.get(order) ?? 0) + cents);
        break;
      case '/parcels':
        if (call.address?.startsWith('unreachable')) return refused('parcel-refused');
        this.#parcels.add(order);
        break;
      case '/messages':
        this.#messages.add(order);
        break;
      default:
        return { status: 404, body: {} };
    }
    // The name of a charge is its order's: a refund finds it.
    return { status: 201, body: { id: path === '/charges' ? order : key } };
  }

  /** Whether a call meets a fault, which it does once. */
  #meets(fault: string, key: string): boolean {
    const mark = `${fault}:${key}`;
    if (this.#met.has(mark)) return false;
    this.#met.add(mark);
    const drawn = createHash('sha256').update(`${this.#seed}:${mark}`).digest().readUInt32BE(0);
    return drawn % FAULT_ONE_IN === 0;
  }
}

const refused = (code: string): Answer => ({ status: 422, body: { code, message: `refused: ${code}` } });
