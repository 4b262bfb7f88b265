import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import {
  addressesOf,
  type Environment,
  OpsServer,
  type ProcessPort,
  portOf,
  type RunningService,
  runService,
} from '@penstock/kit';
import { mailClassifier } from '@penstock/mail-classifier/service';
import { encodeProfile, engineVariable, PROFILE_VARIABLE, type WorkerProfile } from '@penstock/model';
import { QUEUE_PROFILE } from './fake-queue.ts';

const PROFILE: WorkerProfile = {
  version: 1,
  topology: 'mailroom',
  revision: 'r1',
  id: 'classify',
  service: mailClassifier.name,
  kind: 'worker',
  lifetime: 'endless',
  fingerprint: mailClassifier.fingerprint,
  drainMs: 1_000,
  queue: QUEUE_PROFILE,
  concurrency: 1,
  prefetch: 1,
  calls: { embedder: { engine: 'embedder', model: 'm', deadlineMs: 1_000 } },
};

/** A process in the test's hand. */
class FakeProcess implements ProcessPort {
  readonly exits: number[] = [];
  readonly #exit = Promise.withResolvers<number>();
  readonly exited = this.#exit.promise;
  readonly #listening = Promise.withResolvers<string>();
  /** Base of the ops server. */
  readonly listening = this.#listening.promise;
  readonly #listeners = new Map<string, () => void>();

  on(event: string, listener: () => void): void {
    this.#listeners.set(event, listener);
  }

  exit(code: number): void {
    this.exits.push(code);
    this.#exit.resolve(code);
  }

  send(message: unknown): void {
    this.#listening.resolve(`http://127.0.0.1:${(message as { readonly ops: number }).ops}`);
  }

  emit(event: string): void {
    this.#listeners.get(event)?.();
  }
}

const stops: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

function run(start: () => Promise<RunningService>, change: Environment = {}): FakeProcess {
  const process = new FakeProcess();
  const env = {
    PENSTOCK_HOST: '127.0.0.1',
    PENSTOCK_OPS_PORT: '0',
    PENSTOCK_LOG_LEVEL: 'silent',
    [PROFILE_VARIABLE]: encodeProfile(PROFILE),
    ...change,
  };
  void runService(mailClassifier, process, env, start);
  stops.push(async () => {
    process.emit('SIGTERM');
    await process.exited;
  });
  return process;
}

const running = (change: Partial<RunningService> = {}): RunningService => ({
  notReady: () => undefined,
  failed: new Promise<never>(() => {}),
  drain: async () => {},
  ...change,
});

async function freePort(): Promise<number> {
  const server = await occupy();
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function occupy(): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

const readiness = async (base: string): Promise<{ readonly status: number; readonly failing: unknown }> => {
  const response = await fetch(`${base}/readyz`);
  return { status: response.status, failing: ((await response.json()) as { readonly failing: unknown }).failing };
};

async function live(base: string): Promise<void> {
  const ask = (): Promise<boolean> =>
    fetch(`${base}/livez`).then(
      ({ ok }) => ok,
      () => false,
    );
  while (!(await ask())) await new Promise((resolve) => setImmediate(resolve));
}

describe('a service', () => {
  test('is live and ready, and shows its metrics', async () => {
    const base = await run(async () => running()).listening;
    expect(await readiness(base)).toEqual({ status: 200, failing: {} });
    for (const path of ['/livez', '/healthz', '/metrics']) expect((await fetch(base + path)).status).toBe(200);
    expect(await (await fetch(`${base}/metrics`)).text()).toContain('service_name="mail-classifier"');
    expect((await fetch(`${base}/else`)).status).toBe(404);
  });

  test('is not ready for as long as its own check says why', async () => {
    let reason: string | undefined = 'loading';
    const base = await run(async () => running({ notReady: () => reason })).listening;
    expect(await readiness(base)).toEqual({ status: 503, failing: { service: 'loading' } });
    reason = undefined;
    expect((await readiness(base)).status).toBe(200);
  });

  test('that has nothing left to do is drained and ends well', async () => {
    const done = Promise.withResolvers<void>();
    let drained = false;
    const process = run(async () =>
      running({
        finished: done.promise,
        drain: async () => {
          drained = true;
        },
      }),
    );
    await process.listening;
    expect(process.exits).toEqual([]);
    done.resolve();
    expect(await process.exited).toBe(0);
    expect(drained).toBe(true);
  });

  test('stays live and never ready with the profile of another declaration', async () => {
    const port = await freePort();
    let started = false;
    const process = run(
      async () => {
        started = true;
        return running();
      },
      { PENSTOCK_OPS_PORT: String(port), [PROFILE_VARIABLE]: encodeProfile({ ...PROFILE, fingerprint: 'other' }) },
    );
    const base = `http://127.0.0.1:${port}`;
    await live(base);
    expect(await readiness(base)).toMatchObject({
      status: 503,
      failing: { profile: expect.stringContaining('profile-mismatch') },
    });
    expect(started).toBe(false);
    expect(process.exits).toEqual([]);
  });

  test('is not ready first, then drains, then exits 0', async () => {
    const end = Promise.withResolvers<void>();
    const process = run(async () => running({ drain: () => end.promise }));
    const base = await process.listening;
    process.emit('SIGTERM');
    expect(await readiness(base)).toEqual({ status: 503, failing: { drain: 'draining' } });
    expect(process.exits).toEqual([]);
    end.resolve();
    expect(await process.exited).toBe(0);
    await expect(fetch(base)).rejects.toThrow();
  });

  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ])('exits at once on a second signal: %s as %i', async (signal, code) => {
    const end = Promise.withResolvers<void>();
    const process = run(async () => running({ drain: () => end.promise }));
    await process.listening;
    process.emit('SIGTERM');
    process.emit(signal);
    expect(process.exits).toEqual([code]);
    end.resolve();
  });

  test('drains when its parent is gone, and is not cut short when the parent goes after a signal', async () => {
    const end = Promise.withResolvers<void>();
    const process = run(async () => running({ drain: () => end.promise }));
    await process.listening;
    process.emit('disconnect');
    process.emit('disconnect');
    expect(process.exits).toEqual([]);
    end.resolve();
    expect(await process.exited).toBe(0);
  });

  test('heeds a signal while it starts', async () => {
    const port = await freePort();
    const process = run(() => new Promise(() => {}), { PENSTOCK_OPS_PORT: String(port) });
    await live(`http://127.0.0.1:${port}`);
    process.emit('SIGTERM');
    expect(await process.exited).toBe(0);
  });

  test('exits 1 when the drain fails, and leaves nothing open', async () => {
    const process = run(async () => running({ drain: () => Promise.reject(new Error('stuck')) }));
    const base = await process.listening;
    process.emit('SIGTERM');
    expect(await process.exited).toBe(1);
    await expect(fetch(base)).rejects.toThrow();
  });

  test('exits 1 when it cannot go on', async () => {
    const process = run(async () => running({ failed: Promise.reject(new Error('the bus is gone')) }));
    expect(await process.exited).toBe(1);
    stops.push(async () => process.emit('SIGTERM'));
  });

  test.each([
    ['no profile', { [PROFILE_VARIABLE]: undefined }],
    ['a malformed profile', { [PROFILE_VARIABLE]: '{' }],
    ['a malformed port', { PENSTOCK_OPS_PORT: 'http' }],
  ])('rejects %s: it exits 1', async (_title, env) => {
    expect(await run(async () => running(), env).exited).toBe(1);
  });
});

describe('the environment', () => {
  test('rejects every missing address at once', () => {
    expect(() => addressesOf({ A: 'x', B: '' }, ['A', 'B', 'C'])).toThrow(
      expect.objectContaining({ code: 'address-missing', message: expect.stringContaining('B, C are not set') }),
    );
  });

  test.each(['', 'http', '-1', '65536', '1.5'])('rejects the port %j', (PORT) => {
    expect(() => portOf({ PORT }, 'PORT', 80)).toThrow(expect.objectContaining({ code: 'address-malformed' }));
  });

  test('gives a port, or else the declared one', () => {
    expect(portOf({ PORT: '0' }, 'PORT', 80)).toBe(0);
    expect(portOf({}, 'PORT', 80)).toBe(80);
  });

  test('names the variable of an engine by its role', () => {
    expect(engineVariable('second-reader')).toBe('PENSTOCK_ENGINE_SECOND_READER');
  });
});

test('rejects an ops port that is in use', async () => {
  const server = await occupy();
  stops.push(async () => server.close());
  const { port } = server.address() as AddressInfo;
  await expect(OpsServer.listen({ host: '127.0.0.1', port, handleMetrics: () => {} })).rejects.toMatchObject({
    code: 'port-in-use',
  });
});
