import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLog, openLogAdmin } from '@penstock/kit/events';
import { describeLog } from './log/suite.ts';

describeLog('SQLite', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'penstock-log-'));
  const url = `sqlite:${join(folder, 'log.db')}`;
  return {
    openLog: () => openLog(url),
    openAdmin: () => openLogAdmin(url),
    close: () => rm(folder, { recursive: true }),
  };
});
