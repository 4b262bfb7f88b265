import type { SagaTurn, SagaWork } from '../scripts/sagas.ts';
import { answer, parkAsIs, type SagaMove, start, timeOut } from './decide.ts';
import type { Saga } from './saga.ts';
import type { SagaMail, SagaRecord } from './saga-record.ts';

/** What comes of all there is to act on: messages first, in the order they came, then the times that are over. */
export function turnOf<State>(saga: Saga<State>, work: SagaWork, now: number): SagaTurn {
  const records = new Map(work.records.map((record) => [record.id, record]));
  const from = new Map(work.records.map(({ id, version }) => [id, version]));
  const touched = new Map<string, SagaRecord>();
  const entries: SagaTurn['entries'][number][] = [];
  const [events, done, refused]: [SagaMove['events'][number][], number[], SagaTurn['refused'][number][]] = [[], [], []];
  const take = (id: string, move: SagaMove): void => {
    entries.push({ ...move.entry, id });
    events.push(...move.events);
    if (move.record.version === records.get(id)?.version) return;
    records.set(id, move.record);
    touched.set(id, move.record);
  };
  for (const mail of work.mail) {
    try {
      const move = moveOf(saga, records.get(mail.id), mail, now);
      if (move !== undefined) take(mail.id, move);
      done.push(mail.seq);
    } catch (error) {
      refused.push({ seq: mail.seq, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  for (const record of records.values()) {
    const isDue = record.dueAt !== null && record.dueAt <= now && !touched.has(record.id);
    if (isDue) take(record.id, timeOutOf(saga, record, now));
  }
  const moved = [...touched.values()].map((record) => ({ from: from.get(record.id) ?? 0, record }));
  return { moved, entries, events, done, refused };
}

/** One whose state cannot be read waits for a person, and holds up no other. */
function timeOutOf<State>(saga: Saga<State>, record: SagaRecord, now: number): SagaMove {
  try {
    return timeOut(saga, record, now);
  } catch (error) {
    return parkAsIs(record, error instanceof Error ? error.message : String(error), now);
  }
}

function moveOf<State>(
  saga: Saga<State>,
  record: SagaRecord | undefined,
  mail: SagaMail,
  now: number,
): SagaMove | undefined {
  if (record !== undefined) return answer(saga, record, mail, now);
  // An answer to a saga that nobody knows any more: it was over for as long as sagas are kept.
  return mail.step === null ? start(saga, mail, now) : undefined;
}
