import { workerData } from 'node:worker_threads';
import { type ScriptThreadData, serveScripts } from '../../../sql/sqlite-script-thread.ts';
import { LOG_SCRIPTS } from './scripts/index.ts';
import { checkVersion, noLog } from './tables.ts';

/** Readers in other processes hear of a record within this, beside the time of its commit. */
const LOOK_INTERVAL_MS = 4;

const { path } = workerData as ScriptThreadData;

serveScripts({
  path,
  scripts: LOG_SCRIPTS,
  lookMs: LOOK_INTERVAL_MS,
  check: (database) => checkVersion(database, path),
  missing: noLog,
});
