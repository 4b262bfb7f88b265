import type { ScriptSet } from '../../sql/script-store.ts';
import { claim, forget, purgeInbox, receive } from './inbox.ts';
import { lead, resign } from './lead.ts';
import { append, listRefused, measureOutbox, relayOn, retryRefused } from './outbox.ts';
import {
  activateProjection,
  checkpoint,
  checkpoints,
  projectOn,
  registerProjection,
  retireProjection,
} from './projections.ts';
import {
  countSagas,
  givenAnswer,
  inspectSaga,
  listSagas,
  moveSagas,
  purgeSagas,
  readChain,
  retrySaga,
  sagaWork,
} from './sagas.ts';
import { appendToStream, readAll, readSnapshot, readStream, streamVersion, writeSnapshot } from './streams.ts';

/** Every transaction there is, by the name it crosses threads under. */
export const EVENT_SCRIPTS = {
  append,
  relayOn,
  measureOutbox,
  listRefused,
  retryRefused,
  lead,
  resign,
  claim,
  forget,
  receive,
  purgeInbox,
  appendToStream,
  readStream,
  readAll,
  streamVersion,
  readSnapshot,
  writeSnapshot,
  registerProjection,
  checkpoint,
  checkpoints,
  projectOn,
  activateProjection,
  retireProjection,
  sagaWork,
  moveSagas,
  listSagas,
  inspectSaga,
  countSagas,
  retrySaga,
  purgeSagas,
  givenAnswer,
  readChain,
};

export type EventScripts = typeof EVENT_SCRIPTS;

/** What gives a relay, a projection or a reader something to do. */
export const EVENT_WAKES: ScriptSet<EventScripts>['wakes'] = new Set([
  'append',
  'receive',
  'retryRefused',
  'resign',
  'appendToStream',
  'projectOn',
  'activateProjection',
  'moveSagas',
  'retrySaga',
]);
