import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLog, openLogAdmin } from '@penstock/kit/events';
import { describeTopicConsumer } from './log/consumer-suite.ts';
import { describeLog, type LogBackend } from './log/suite.ts';
import { describeTransactions } from './log/transaction-suite.ts';

const start = async (): Promise<LogBackend> => {
  const folder = await mkdtemp(join(tmpdir(), 'penstock-log-'));
  const url = `sqlite:${join(folder, 'log.db')}`;
  return {
    openLog: () => openLog(url),
    openAdmin: () => openLogAdmin(url),
    close: () => rm(folder, { recursive: true }),
  };
};

describeLog('SQLite', start);
describeTopicConsumer('SQLite', start);
describeTransactions('SQLite', start);
