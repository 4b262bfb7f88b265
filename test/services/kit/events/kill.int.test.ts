import { afterAll, beforeAll } from '@jest/globals';
import { PostgresServer, postgresRequirement } from '../../../helpers/postgres-server.ts';
import { describeWith } from '../../../helpers/requirement.ts';
import { openFixture } from './fixture.ts';
import { testKills } from './kill-suite.ts';

testKills('SQLite', () => openFixture());

describeWith(postgresRequirement(), 'PostgreSQL', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await PostgresServer.start({ parameters: {}, access: ['host all all 127.0.0.1/32 trust'] });
  }, 60_000);
  afterAll(() => server[Symbol.asyncDispose]());

  testKills('PostgreSQL', () => openFixture(server));
});
