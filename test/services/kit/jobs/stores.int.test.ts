import { afterAll, beforeAll, describe } from '@jest/globals';
import { PostgresServer, postgresRequirement } from '../../../helpers/postgres-server.ts';
import { describeWith } from '../../../helpers/requirement.ts';
import { jobsHoldSideBySide } from './concurrency-suite.ts';
import { featuresHold } from './feature-suite.ts';
import { postgresFixture, type StoreFixture, sqliteFixture } from './store-fixture.ts';
import { jobsBehave } from './store-suite.ts';

function describeJobStore(name: string, start: () => Promise<StoreFixture>): void {
  describe(`a job in ${name}`, () => jobsBehave(start));
  describe(`jobs in ${name}`, () => jobsHoldSideBySide(start));
  describe(`of the features in ${name}`, () => featuresHold(start));
}

describeJobStore('SQLite', sqliteFixture);

describeWith(postgresRequirement(), 'PostgreSQL', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await PostgresServer.start({ parameters: {}, access: ['host all all 127.0.0.1/32 trust'] });
  }, 60_000);
  afterAll(async () => server?.[Symbol.asyncDispose](), 60_000);

  describeJobStore('PostgreSQL', () => postgresFixture(server));
});
