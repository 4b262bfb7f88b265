import { workerData } from 'node:worker_threads';
import { type ScriptThreadData, serveScripts } from '../../sql/sqlite-script-thread.ts';
import { checkVersion, noEvents } from '../database-version.ts';
import { EVENT_SCRIPTS } from '../scripts/index.ts';
import { versionOf } from './sqlite-tables.ts';

/** A relay in another process hears of an event within this, beside the time of its commit. */
const LOOK_INTERVAL_MS = 4;

const { path } = workerData as ScriptThreadData;

serveScripts({
  path,
  scripts: EVENT_SCRIPTS,
  lookMs: LOOK_INTERVAL_MS,
  check: (database) => checkVersion(versionOf(database), path),
  missing: noEvents,
});
