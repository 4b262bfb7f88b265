import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { PostgresServer, postgresRequirement } from '../../../helpers/postgres-server.ts';
import { describeWith } from '../../../helpers/requirement.ts';
import { type EventsFixture, openFixture } from '../events/fixture.ts';
import { until } from '../events/outbox-suite.ts';
import type { CrashPlan } from './crash-process.ts';
import { describeSagas } from './saga-suite.ts';
import { booksOf, place, provisionShop, statusOf } from './saga-suite-parts.ts';

const PROCESS = fileURLToPath(new URL('./crash-process.ts', import.meta.url));
const MOST_BOUNDARIES = 60;

const start = (plan: CrashPlan): ChildProcess =>
  fork(PROCESS, [JSON.stringify(plan)], {
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });

/** Each process dies at a boundary of its own, and the next one takes up what it left; one dies at none. */
function testCrashes(name: string, open: () => Promise<EventsFixture>): void {
  test(`on ${name} a saga outlives kill -9 at each boundary, and money balances`, async () => {
    await using fixture = await open();
    await provisionShop(fixture);
    const ids: string[] = [];
    const { url, logUrl } = fixture;
    for (let at = 1; at <= MOST_BOUNDARIES; at += 1) {
      // At every second one the way back is walked.
      const id = at % 2 === 0 ? `approve-${at}` : `a-${at}`;
      ids.push(id);
      await place(fixture, id);
      const child = start({ url, logUrl, at, where: 'after' });
      const exited = new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)));
      const allOver = async () => {
        for (const each of ids)
          if (!['completed', 'compensated'].includes((await statusOf(fixture, each)) ?? '')) return false;
        return true;
      };
      const isOver = until(allOver).then(() => 'over');
      const how = await Promise.race([exited, isOver]);
      isOver.catch(() => {});
      if (how === 'SIGKILL') continue;
      child.kill('SIGKILL');
      await exited;
      break;
    }
    const last = start({ url, logUrl, at: 0, where: 'after' });
    try {
      for (const id of ids) {
        await until(async () => ['completed', 'compensated'].includes((await statusOf(fixture, id)) ?? ''));
        expect([id, ...(await booksOf(fixture, id))]).toEqual([
          id,
          ...(id.startsWith('a-') ? [500, -1, 1] : [0, 0, 0]),
        ]);
      }
    } finally {
      last.kill('SIGKILL');
    }
    expect(ids.length).toBeGreaterThan(12);
  }, 600_000);
}

describeSagas('SQLite', () => openFixture());
testCrashes('SQLite', () => openFixture());

describeWith(postgresRequirement(), 'PostgreSQL', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await PostgresServer.start({ parameters: {}, access: ['host all all 127.0.0.1/32 trust'] });
  }, 60_000);
  afterAll(() => server[Symbol.asyncDispose]());

  describeSagas('PostgreSQL', () => openFixture(server));
});
