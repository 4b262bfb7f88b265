import type { OutboxEvent } from '../outbox/outbox-event.ts';
import { type Addressed, eventOf, HEADER } from './message.ts';
import type { Direction, ResolvedRequest, ResolvedStep, Saga } from './saga.ts';
import { isOver, type SagaEntry, type SagaHappening, type SagaMail, type SagaRecord } from './saga-record.ts';

// What a saga does next, as a function of where it is and of what happened. It reads no clock and no database: whoever
// calls it writes what comes of it in one transaction, or nothing of it.

/** What comes of something that happened. */
export interface SagaMove {
  /** As given, where it changed nothing. */
  readonly record: SagaRecord;
  readonly events: readonly OutboxEvent[];
  readonly entry: SagaEntry;
}

interface Turn<State> {
  readonly saga: Saga<State>;
  readonly now: number;
  readonly message: string | null;
  readonly before: Omit<SagaRecord, 'state'>;
}

type Aim = Pick<SagaRecord, 'status' | 'step' | 'direction' | 'attempt' | 'dueAt' | 'reason'>;

const encode = (state: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(state));
const decode = <State>(saga: Saga<State>, bytes: Uint8Array): State =>
  saga.state.parse(JSON.parse(new TextDecoder().decode(bytes)));

/** @throws {KitError} `record-malformed` */
export function start<State>(saga: Saga<State>, mail: SagaMail, now: number): SagaMove {
  const { state } = saga.starts.read(mail.payload);
  const [first] = saga.steps as readonly [ResolvedStep<State>];
  const before = {
    saga: saga.name,
    id: mail.id,
    definition: saga.version,
    status: 'running',
    step: first.name,
    direction: 'do',
    attempt: 0,
    dueAt: null,
    version: 0,
    correlation: mail.correlation,
    reason: null,
    startedAt: now,
    updatedAt: now,
  } as const;
  return request({ saga, now, message: mail.message, before }, state, first, 'do', 1, 'started', mail.type);
}

/** @throws {KitError} `record-malformed` */
export function answer<State>(saga: Saga<State>, record: SagaRecord, mail: SagaMail, now: number): SagaMove {
  const turn: Turn<State> = { saga, now, message: mail.message, before: record };
  const noted = (what: SagaHappening): SagaMove => ({
    record,
    events: [],
    entry: {
      ...entryOf(turn, what, mail.type),
      step: mail.step ?? record.step,
      direction: mail.direction ?? record.direction,
      status: record.status,
    },
  });
  if (mail.step === null || isOver(record.status)) return noted('late');
  if (mail.step !== record.step || mail.direction !== record.direction) return noted('late');
  const step = saga.steps.find(({ name }) => name === record.step);
  const asked = step === undefined ? undefined : step[record.direction];
  if (step === undefined || asked === undefined) return noted('unexpected');
  const state = decode(saga, record.state);
  if (mail.type === asked.succeeds.type) {
    const next = asked.succeeds.apply(state, mail.payload);
    return record.direction === 'do'
      ? goOn(turn, next, saga.steps.indexOf(step) + 1, 'succeeded', mail.type)
      : takeBack(turn, next, saga.steps.indexOf(step) - 1, 'succeeded', mail.type);
  }
  const refusal = asked.fails.find(({ type }) => type === mail.type);
  if (refusal === undefined) return noted('unexpected');
  const next = refusal.apply(state, mail.payload);
  return record.direction === 'do'
    ? takeBack(turn, next, saga.steps.indexOf(step) - 1, 'failed', mail.type)
    : park(turn, next, 'failed', `${step.name} cannot be undone: ${mail.type}`);
}

/** The time of the request under way is over. */
export function timeOut<State>(saga: Saga<State>, record: SagaRecord, now: number): SagaMove {
  const turn: Turn<State> = { saga, now, message: null, before: record };
  const state = decode(saga, record.state);
  const index = saga.steps.findIndex(({ name }) => name === record.step);
  const step = saga.steps[index];
  const asked = step?.[record.direction];
  if (step === undefined || asked === undefined)
    return park(turn, state, 'timed out', `the definition knows no step ${record.step} to ${record.direction}`);
  // A person lets it try again: as if nothing had been tried.
  const what = record.attempt === 0 ? 'retried' : 'timed out';
  if (record.attempt < asked.attempts)
    return request(turn, state, step, record.direction, record.attempt + 1, what, null);
  if (record.direction === 'do' && step.kind === 'compensatable') return takeBack(turn, state, index, what, null);
  const unknown = record.direction === 'undo' ? 'was taken back' : 'was done';
  return park(turn, state, what, `no answer after ${record.attempt} attempts: unknown whether ${step.name} ${unknown}`);
}

function goOn<State>(turn: Turn<State>, state: State, index: number, what: SagaHappening, detail: string): SagaMove {
  const step = turn.saga.steps[index];
  return step === undefined
    ? end(turn, state, 'completed', what, detail)
    : request(turn, state, step, 'do', 1, what, detail);
}

/** From a step on backwards. */
function takeBack<State>(
  turn: Turn<State>,
  state: State,
  from: number,
  what: SagaHappening,
  detail: string | null,
): SagaMove {
  const step = turn.saga.steps.slice(0, from + 1).findLast(({ undo }) => undo !== undefined);
  return step === undefined
    ? end(turn, state, 'compensated', what, detail)
    : request(turn, state, step, 'undo', 1, what, detail);
}

function request<State>(
  turn: Turn<State>,
  state: State,
  step: ResolvedStep<State>,
  direction: Direction,
  attempt: number,
  what: SagaHappening,
  detail: string | null,
): SagaMove {
  const { saga, now, before } = turn;
  const asked = step[direction] as ResolvedRequest<State>;
  const waitMs = Math.min(asked.longestTimeoutMs, asked.timeoutMs * 2 ** (attempt - 1));
  const status = direction === 'do' ? 'running' : 'compensating';
  const aim = { status, step: step.name, direction, attempt, dueAt: now + waitMs, reason: null } as const;
  const command = `${saga.name}/${before.id}/${step.name}/${direction}`;
  const sent = { ...asked.command(state), to: step.to };
  return moved(turn, state, aim, what, detail, [
    [sent, { [HEADER.step]: step.name, [HEADER.direction]: direction, [HEADER.command]: command }],
  ]);
}

function end<State>(
  turn: Turn<State>,
  state: State,
  outcome: 'completed' | 'compensated',
  what: SagaHappening,
  detail: string | null,
): SagaMove {
  const { step, direction, attempt } = turn.before;
  const told = turn.saga.ends(state, outcome).map((event) => [event, {}] as const);
  return moved(
    turn,
    state,
    { status: outcome, step, direction, attempt, dueAt: null, reason: null },
    what,
    detail,
    told,
  );
}

function park<State>(turn: Turn<State>, state: State, what: SagaHappening, reason: string): SagaMove {
  const { step, direction, attempt } = turn.before;
  return moved(turn, state, { status: 'parked', step, direction, attempt, dueAt: null, reason }, what, reason, []);
}

/** For a saga whose state cannot be read. */
export function parkAsIs(record: SagaRecord, reason: string, now: number): SagaMove {
  const { step, direction, attempt } = record;
  const parked = { status: 'parked', dueAt: null, reason } as const;
  return {
    record: { ...record, ...parked, version: record.version + 1, updatedAt: now },
    events: [],
    entry: { at: now, what: 'timed out', step, direction, attempt, detail: reason, message: null, status: 'parked' },
  };
}

type Sent = readonly [message: Addressed, headers: Readonly<Record<string, string>>];

function moved<State>(
  turn: Turn<State>,
  state: State,
  aim: Aim,
  what: SagaHappening,
  detail: string | null,
  sent: readonly Sent[],
): SagaMove {
  const { saga, now, before, message } = turn;
  const version = before.version + 1;
  const common = {
    [HEADER.saga]: saga.name,
    [HEADER.sagaId]: before.id,
    [HEADER.replyTo]: saga.replies,
    [HEADER.correlation]: before.correlation,
    ...(message === null ? {} : { [HEADER.causation]: message }),
  };
  return {
    record: { ...before, ...aim, version, state: encode(state), updatedAt: now },
    // By the version each is sent once, however often the transaction is run; another attempt is another event.
    events: sent.map(([event, headers], index) =>
      eventOf(event, `${saga.name}/${before.id}/${version}${index === 0 ? '' : `.${index}`}`, before.id, {
        ...common,
        ...headers,
      }),
    ),
    entry: { ...entryOf(turn, what, detail), status: aim.status },
  };
}

const entryOf = <State>(
  { now, before, message }: Turn<State>,
  what: SagaHappening,
  detail: string | null,
): Omit<SagaEntry, 'status'> => ({
  at: now,
  what,
  step: before.step,
  direction: before.direction,
  attempt: before.attempt,
  detail,
  message,
});
