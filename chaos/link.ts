import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** `up` is from the client to the server. */
export type Direction = 'up' | 'down';

export type Weather =
  | { readonly kind: 'clear' }
  /** Bytes wait, nobody is told. */
  | { readonly kind: 'stall'; readonly directions: readonly Direction[] }
  /** Every piece takes so long, in both directions. */
  | { readonly kind: 'delay'; readonly byMs: number }
  /** What is sent is gone. A stream cannot go on after that: whoever ends this weather cuts the connections. */
  | { readonly kind: 'lose'; readonly directions: readonly Direction[] }
  /** Who connects is turned away. */
  | { readonly kind: 'refuse' };

const CLEAR: Weather = { kind: 'clear' };

/** The network between clients and one port of the loopback: everything passes through it and may be kept from doing so. */
export class Link implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #target = 0;
  #weather: Weather = CLEAR;
  #changed = Promise.withResolvers<void>();

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (client) => this.#join(client));
  }

  static async open(): Promise<Link> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Link(server);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Where connections lead from now on. */
  leadTo(port: number): void {
    this.#target = port;
  }

  set weather(weather: Weather) {
    this.#weather = weather;
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
    if (weather.kind === 'refuse') this.cut();
  }

  /** Ends every connection without a word. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  clear(): void {
    const { kind } = this.#weather;
    this.weather = CLEAR;
    if (kind === 'lose') this.cut();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.clear();
    this.cut();
    await closed;
  }

  #join(client: Socket): void {
    if (this.#weather.kind === 'refuse') {
      client.destroy();
      return;
    }
    const server = connect(this.#target, '127.0.0.1');
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.once('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    void this.#carry(client, server, 'up');
    void this.#carry(server, client, 'down');
  }

  async #carry(from: Socket, to: Socket, direction: Direction): Promise<void> {
    try {
      for await (const piece of from) {
        await this.#pass(direction);
        if (this.#holds('lose', direction)) continue;
        if (!to.write(piece as Uint8Array)) await Promise.race([once(to, 'drain'), once(to, 'close')]);
      }
    } catch {
      // A connection that was cut: both ends hear of it by themselves.
    }
    from.destroy();
  }

  async #pass(direction: Direction): Promise<void> {
    if (this.#weather.kind === 'delay') await pause(this.#weather.byMs);
    while (this.#holds('stall', direction)) await this.#changed.promise;
  }

  #holds(kind: 'stall' | 'lose', direction: Direction): boolean {
    return this.#weather.kind === kind && this.#weather.directions.includes(direction);
  }
}
