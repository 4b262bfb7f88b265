import { randomUUID } from 'node:crypto';
import { EventConsumer, headerOf, OutboxRelay, openEvents, openLog } from '@penstock/kit/events';
import { eventOf, openWriter } from './fixture.ts';
import { type Effects, KEYS, TOPIC } from './kill-plan.ts';

// One of the three parts of a service that tells others, as a process that can be killed.

export interface KillPlan {
  readonly role: 'writer' | 'relay' | 'consumer';
  readonly url: string;
  readonly logUrl: string;
  readonly effects: Effects;
  /** Of each aggregate: what is there already. */
  readonly written: Readonly<Record<string, number>>;
}

const PAUSE_MS = 5;

const ROLES: Readonly<Record<KillPlan['role'], (plan: KillPlan) => Promise<void>>> = {
  async writer({ url, written }) {
    const writer = await openWriter(url);
    const next = new Map(KEYS.map((key) => [key, (written[key] ?? 0) + 1]));
    for (;;) {
      for (const key of KEYS) {
        const n = next.get(key) ?? 1;
        next.set(key, n + 1);
        await writer.begin();
        await writer.order(`${key}-${n}`);
        await writer.append(eventOf(key, `${key}-${n}`, { headers: { n: `${n}` } }));
        await writer.end('COMMIT');
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    }
  },
  async relay({ url, logUrl }) {
    const [database, log] = [await openEvents(url), await openLog(logUrl)];
    new OutboxRelay({ database, log, owner: randomUUID(), leadMs: 500, batch: 20 }).start();
  },
  async consumer({ url, logUrl, effects }) {
    const [database, log] = [await openEvents(url), await openLog(logUrl)];
    new EventConsumer({
      database,
      log,
      group: 'billing',
      topics: [TOPIC],
      sessionMs: 1_500,
      batch: 20,
      handle: (record) => ({
        statements: [
          // An event counts only behind all that came before it of its aggregate.
          {
            sql: effects.outOfOrder,
            params: [headerOf(record, 'id') as string, record.key as string, Number(headerOf(record, 'n'))],
          },
          { sql: effects.effect, params: [headerOf(record, 'id') as string, record.key as string] },
        ],
      }),
    }).start();
  },
};

const plan = JSON.parse(process.argv[2] as string) as KillPlan;
process.send?.('ready');
await ROLES[plan.role](plan);
