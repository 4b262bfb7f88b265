import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBus, openBusAdmin } from '@penstock/kit';
import { testKill9 } from './bus/kill.ts';
import { describeBus } from './bus/suite.ts';
import { testZombie } from './bus/zombie.ts';

describeBus('SQLite', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'penstock-bus-'));
  const url = `sqlite:${join(folder, 'bus.db')}`;
  return {
    openBus: () => openBus(url),
    openAdmin: () => openBusAdmin(url),
    close: () => rm(folder, { recursive: true }),
  };
});

const fileOfItsOwn = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'penstock-bus-'));
  return { url: `sqlite:${join(folder, 'bus.db')}`, close: () => rm(folder, { recursive: true }) };
};

testKill9('SQLite', fileOfItsOwn);
testZombie('SQLite', fileOfItsOwn);
