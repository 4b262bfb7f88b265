import type { ScriptSet } from '../../../../sql/script-store.ts';
import { commit, lag, leave, live, release, reposition } from './groups.ts';
import { append, read } from './records.ts';
import { bounds, provisionTopic } from './topics.ts';
import { beginProducer, exchange } from './transactions.ts';
import { trim } from './trim.ts';

/** Every transaction on a log in a file, by the name it crosses to the thread under. */
export const LOG_SCRIPTS = {
  provisionTopic,
  bounds,
  append,
  read,
  trim,
  live,
  release,
  leave,
  commit,
  reposition,
  beginProducer,
  exchange,
  lag,
};

export type LogScripts = typeof LOG_SCRIPTS;

/** What gives a reader something to do. */
export const LOG_WAKES: ScriptSet<LogScripts>['wakes'] = new Set(['append', 'exchange', 'live', 'release', 'leave']);
