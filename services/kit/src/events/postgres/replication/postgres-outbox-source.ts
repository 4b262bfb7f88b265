import { Client } from 'pg';
import { KitError } from '../../../errors.ts';
import { askingOf, configOf, type PostgresOptions } from '../../../postgres/connection.ts';
import { faultOf } from '../../../postgres/faults.ts';
import type { WaitingEvent } from '../../outbox/outbox-event.ts';
import type { OutboxSource, OutboxStream, SlotMeasure } from '../../relay/outbox-source.ts';
import type { InsertedRow } from './pgoutput.ts';
import { PUBLICATION } from './publication.ts';
import { RowStream } from './row-stream.ts';

export interface FollowOptions extends Pick<PostgresOptions, 'url'> {
  /** One of its own for each database of the server. @default - `penstock_` and the name of the database */
  readonly slot?: string;
}

const SLOT = /^[a-z0-9_]{1,63}$/;
const LOST = 'lost';

/**
 * Follows the write-ahead log of PostgreSQL, which has to be `wal_level=logical`, by a user with the right to replicate.
 * Set `max_slot_wal_keep_size` on the server: no process of ours has to be there for that bound to hold.
 */
export function followOutbox(options: FollowOptions): OutboxSource {
  const slot = options.slot ?? `penstock_${nameOf(options.url)}`;
  if (!SLOT.test(slot))
    throw new KitError('address-malformed', `slot ${slot}: expected 1 to 63 of a-z, 0-9 and _`, {
      repair: 'name the slot',
    });
  const ask = async <Row>(sql: string): Promise<readonly Row[]> => {
    const { connectionString = '' } = await configOf(options);
    const client = new Client({ connectionString, application_name: 'penstock' });
    try {
      await client.connect();
      return (await askingOf(client, false)(sql)) as unknown as readonly Row[];
    } catch (error) {
      throw faultOf(error, `slot ${slot}`);
    } finally {
      await client.end().catch(() => {});
    }
  };
  const measure = async (): Promise<SlotMeasure | undefined> => {
    const [found] = await ask<{ readonly retained: number | null; readonly status: string | null }>(
      `SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::bigint AS retained, wal_status AS status
       FROM pg_replication_slots WHERE slot_name = '${slot}' AND database = current_database()`,
    );
    return found === undefined ? undefined : { retainedBytes: found.retained ?? 0, status: found.status ?? LOST };
  };
  const drop = async (): Promise<void> => {
    // Whoever reads it is ended first; that it is gone already is right too.
    await ask(`SELECT pg_terminate_backend(active_pid) AS ended FROM pg_replication_slots
      WHERE slot_name = '${slot}' AND active_pid IS NOT NULL`);
    for (let looks = 0; looks < LOOKS; looks++) {
      const [free] = await ask<{ readonly active: number }>(
        `SELECT active FROM pg_replication_slots WHERE slot_name = '${slot}'`,
      );
      if (free === undefined) return;
      if (free.active === 0) break;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    await ask(
      `SELECT pg_drop_replication_slot(slot_name) AS dropped FROM pg_replication_slots WHERE slot_name = '${slot}'`,
    );
  };
  return {
    async open() {
      const found = await measure();
      if (found?.status === LOST) await drop();
      if (found === undefined || found.status === LOST)
        await ask(`SELECT slot_name FROM pg_create_logical_replication_slot('${slot}', 'pgoutput')`);
      return streamOf(await RowStream.open(options, slot, PUBLICATION));
    },
    measure,
    drop,
  };
}

const LOOKS = 100;
const LOOK_MS = 20;

const nameOf = (url: string): string => (URL.canParse(url) ? new URL(url).pathname.slice(1).toLowerCase() : '');

const streamOf = (rows: RowStream): OutboxStream => ({
  next: async (limit, waitMs, signal) =>
    (await rows.next(limit, waitMs, signal)).flatMap((transaction) => transaction.rows.map(eventOf)),
  confirm: () => rows.confirm(),
  close: () => rows.close(),
});

const eventOf = (row: InsertedRow): WaitingEvent => {
  const { payload, headers } = row;
  return {
    seq: Number(row['seq']),
    id: row['id'] ?? '',
    aggregateType: row['aggregatetype'] ?? '',
    aggregateId: row['aggregateid'] ?? '',
    type: row['type'] ?? '',
    payload: payload === null || payload === undefined ? null : Buffer.from(payload.slice('\\x'.length), 'hex'),
    ...(headers === null || headers === undefined ? {} : { headers: JSON.parse(headers) as Record<string, string> }),
    createdAt: Number(row['created_at']),
  };
};
