import { randomUUID } from 'node:crypto';
import { addressesOf, listenError, portOf, runService } from '@penstock/kit';
import { followEvents, OutboxRelay, openEvents, openLog } from '@penstock/kit/events';
import { eventBackbone } from '../service.ts';
import { createApi } from './api.ts';
import { relayReads } from './environment.ts';
import { observeEvents } from './instruments.ts';

await runService(eventBackbone, process, process.env, async ({ env, host, log }) => {
  const addresses = addressesOf(env, ['PENSTOCK_EVENTS', 'PENSTOCK_LOG']);
  await using opened = new AsyncDisposableStack();
  const database = opened.use(await openEvents(addresses.PENSTOCK_EVENTS));
  const events = opened.use(await openLog(addresses.PENSTOCK_LOG));
  const follow = relayReads(env) === 'database-log' ? await followEvents(addresses.PENSTOCK_EVENTS) : undefined;
  const relay = opened.use(
    new OutboxRelay({
      ...(follow === undefined ? {} : { follow }),
      database,
      log: events,
      owner: randomUUID(),
      onFailure: (error) => log.warn({ err: error }, 'the relay could not go on, and tries again'),
    }),
  );
  opened.defer(observeEvents({ database, relay }));
  const api = createApi({ database, log: events, relay });
  opened.defer(() => api.close());
  const port = portOf(env, 'PENSTOCK_HTTP_PORT', eventBackbone.ports.http);
  try {
    await api.listen({ host, port });
  } catch (error) {
    throw listenError(error, host, port);
  }
  relay.start();
  const running = opened.move();
  return {
    http: (api.server.address() as { readonly port: number }).port,
    notReady: () => undefined,
    failed: new Promise<never>(() => {}),
    // In the order opposite to that of opening: no request finds the database closed.
    drain: () => running.disposeAsync(),
  };
});
