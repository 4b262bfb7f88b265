import { EventStore, type Projection, Projector } from '@penstock/kit/events';
import type { Measure } from './produce.ts';
import { untilDone } from './until-done.ts';

const STREAMS = 1_000;
const BATCH = 500;
const PAYLOAD = Buffer.alloc(256, 'x');

/** One row for each stream. */
const COUNTS: Projection = {
  name: 'counts',
  version: 1,
  tables: ['counts'],
  schema: (table) => [
    `CREATE TABLE IF NOT EXISTS ${table('counts')} (stream TEXT PRIMARY KEY, events INTEGER NOT NULL)`,
  ],
  project: ({ stream }, table) => [
    {
      sql: `INSERT INTO ${table('counts')} (stream, events) VALUES ($1, 1)
        ON CONFLICT (stream) DO UPDATE SET events = events + 1`,
      params: [stream],
    },
  ],
};

/** A projection from the first event to the last. */
export const rebuild: Measure = async ({ openDatabase }, events) => {
  const database = await openDatabase();
  const store = new EventStore({ database });
  const perStream = Math.ceil(events / STREAMS);
  for (let at = 0; at < STREAMS; at += BATCH)
    await Promise.all(
      Array.from({ length: BATCH }, (_, index) =>
        store.append(
          `stream-${at + index}`,
          0,
          Array.from({ length: perStream }, (__, n) => ({
            id: `event-${at + index}-${n}`,
            type: 'Measured',
            payload: PAYLOAD,
          })),
        ),
      ),
    );
  const projector = new Projector({ database, owner: 'bench', projection: COUNTS });
  const startedAt = performance.now();
  projector.start();
  await untilDone(() => projector.state.projected >= perStream * STREAMS);
  const rate = (1_000 * perStream * STREAMS) / (performance.now() - startedAt);
  await projector.close();
  return rate;
};
