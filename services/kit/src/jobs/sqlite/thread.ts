import { workerData } from 'node:worker_threads';
import { serveScripts } from '../../sql/sqlite-script-thread.ts';
import { SCRIPTS } from '../scripts/index.ts';
import { checkVersion, storeMissing } from '../store-version.ts';
import type { JobThreadData } from './operations.ts';
import { versionOf } from './tables.ts';

/** Releases and settlements of other processes are no hurry. */
const LOOK_INTERVAL_MS = 50;

const { path } = workerData as JobThreadData;

serveScripts({
  path,
  scripts: SCRIPTS,
  lookMs: LOOK_INTERVAL_MS,
  check: (database) => checkVersion(versionOf(database), path),
  missing: storeMissing,
});
