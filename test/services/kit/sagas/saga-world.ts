import { DatabaseSync } from 'node:sqlite';
import {
  type EventDatabase,
  type EventEffect,
  type LogRecord,
  messageIdOf,
  routedRecord,
  routedTopic,
} from '@penstock/kit/events';
import { type SagaStatus, takeIn, turnOf, write } from '@penstock/kit/sagas';
import type { WaitingEvent } from '../../../../services/kit/src/events/outbox/outbox-event.ts';
import { eventTables } from '../../../../services/kit/src/events/schema.ts';
import { EVENT_SCRIPTS } from '../../../../services/kit/src/events/scripts/index.ts';
import { runSync, type Script } from '../../../../services/kit/src/sql/script.ts';
import { asking } from '../../../../services/kit/src/sql/sqlite-asking.ts';
import { eventOf } from '../events/fixture.ts';
import { IMPATIENT, orderPlaced, participants, type Refusals, SHOP_SCHEMA, shopSaga } from './shop-saga.ts';

/** What happens to an event on its way: when each delivery of it comes, in milliseconds after it was written. */
export type Delays = (event: WaitingEvent) => readonly number[];

interface Delivery {
  readonly at: number;
  readonly record: LogRecord;
}

const SAGA = shopSaga(IMPATIENT);
const LEAD = { role: 'saga/shop', owner: 'world', term: 1 };
const MOST_TURNS = 5_000;

/**
 * Saga, services and log in one thread with a clock of its own. The transactions are the real ones, in memory; what is
 * between them comes late, twice, or in another order, as it is told.
 */
export class SagaWorld implements Disposable {
  readonly #database = new DatabaseSync(':memory:');
  readonly #ask = asking(this.#database);
  readonly #delays: Delays;
  readonly #services: Readonly<Record<string, (record: LogRecord) => Promise<EventEffect>>>;
  #deliveries: readonly Delivery[] = [];
  #now = 0;

  constructor(refusals: Refusals, delays: Delays) {
    this.#delays = delays;
    for (const sql of [...eventTables('sqlite'), ...SHOP_SCHEMA]) this.#database.exec(sql);
    this.run('lead', LEAD.role, LEAD.owner, 0, Number.MAX_SAFE_INTEGER);
    const database = { run: async (name: never, ...args: never) => this.run(name, ...args) };
    this.#services = participants(database as unknown as EventDatabase, refusals);
  }

  run<Name extends keyof typeof EVENT_SCRIPTS>(name: Name, ...args: Parameters<(typeof EVENT_SCRIPTS)[Name]>) {
    const script = (EVENT_SCRIPTS[name] as (...args: readonly unknown[]) => Script<unknown>)(...args);
    this.#database.exec('BEGIN');
    try {
      const result = runSync(script, this.#ask);
      this.#database.exec('COMMIT');
      return result as ReturnType<(typeof EVENT_SCRIPTS)[Name]> extends Script<infer Result> ? Result : never;
    } catch (error) {
      this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  rows<Row>(sql: string): readonly Row[] {
    return this.#database.prepare(sql).all() as Row[];
  }

  place(id: string, cents: number): void {
    const { type, payload } = write(orderPlaced, { id, cents });
    this.run('append', [eventOf(id, `placed-${id}`, { type, payload })], this.#now);
  }

  statusOf(id: string): SagaStatus | undefined {
    return this.run('inspectSaga', 'shop', id)?.record.status;
  }

  /** Until nothing is on its way and no time is waited for. */
  async settle(): Promise<void> {
    for (let turns = 0; turns < MOST_TURNS; turns += 1) {
      this.#relay();
      const work = this.run('sagaWork', 'shop', this.#now, 50);
      const turn = turnOf(SAGA, work, this.#now);
      if (turn.entries.length + turn.done.length + turn.refused.length > 0) {
        this.run('moveSagas', LEAD, 'shop', turn, this.#now);
        continue;
      }
      const [next] = this.#deliveries;
      const at = Math.min(next?.at ?? Number.POSITIVE_INFINITY, work.nextDueAt ?? Number.POSITIVE_INFINITY);
      if (at === Number.POSITIVE_INFINITY) return;
      this.#now = Math.max(this.#now, at);
      if (next === undefined || next.at > this.#now) continue;
      this.#deliveries = this.#deliveries.slice(1);
      await this.#deliver(next.record);
    }
    throw new Error('the world does not come to rest');
  }

  #relay(): void {
    const events = this.#database
      .prepare('SELECT seq, id, aggregatetype, aggregateid, type, payload, headers FROM event_outbox ORDER BY seq')
      .all() as Record<string, never>[];
    this.#database.exec('DELETE FROM event_outbox');
    const deliveries = events.flatMap((row) => {
      const event = {
        seq: row['seq'],
        id: row['id'],
        aggregateType: row['aggregatetype'],
        aggregateId: row['aggregateid'],
        type: row['type'],
        payload: row['payload'],
        ...(row['headers'] === null ? {} : { headers: JSON.parse(row['headers'] as unknown as string) }),
      } as unknown as WaitingEvent;
      const { key, value, headers = [] } = routedRecord(event, routedTopic(event));
      const place = { topic: routedTopic(event), partition: 0, offset: 0, timestamp: this.#now };
      const record: LogRecord = { ...place, key, value, headers };
      return this.#delays(event).map((delay) => ({ at: this.#now + delay, record }));
    });
    this.#deliveries = [...this.#deliveries, ...deliveries].toSorted((a, b) => a.at - b.at);
  }

  async #deliver(record: LogRecord): Promise<void> {
    const name = record.topic.slice('outbox.event.'.length);
    const service = this.#services[name];
    const effect = service === undefined ? takeIn(SAGA, record) : await service(record);
    const fence = { consumer: service === undefined ? 'saga' : name, source: 'log', epoch: 1 };
    this.run('claim', fence);
    const message = messageIdOf(record);
    const { statements = [], events } = effect;
    const received = { message, statements, ...(events === undefined ? {} : { events }) };
    this.run('receive', 'sqlite', fence, [received], this.#now, 1e12);
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}
