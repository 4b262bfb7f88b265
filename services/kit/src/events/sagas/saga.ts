import type { DurationInput } from '@penstock/model';
import type { z } from 'zod';
import { KitError } from '../../errors.ts';
import { durationMs } from '../../jobs/backoff.ts';
import { type Addressed, type Message, readMessage, type WrittenMessage } from './message.ts';

// A saga is one piece of business over several services, each with a transaction of its own. Its steps are, in this
// order: compensatable ones, which can be taken back; the pivot, which decides whether it goes through; retriable ones,
// which succeed if only they are tried often enough.

/** What a reply comes to. */
export interface Reply<State> {
  readonly type: string;
  /** @throws {KitError} `record-malformed` */
  readonly apply: (state: State, payload: Uint8Array) => State;
}

/** An answer that leaves the state as it is, or makes another of it. */
export function when<Payload>(message: Message<Payload>): KeptState;
export function when<State, Payload>(
  message: Message<Payload>,
  apply: (state: State, payload: Payload) => State,
): Reply<State>;
export function when<State, Payload>(
  message: Message<Payload>,
  apply: (state: State, payload: Payload) => State = (state) => state,
): Reply<State> {
  return { type: message.type, apply: (state, bytes) => apply(state, readMessage(message, bytes)) };
}

/** A reply that leaves any state as it is. */
interface KeptState {
  readonly type: string;
  readonly apply: <State>(state: State, payload: Uint8Array) => State;
}

/** What is asked of a service, and how long and how often it is waited for. */
export interface Request<State> {
  readonly command: (state: State) => WrittenMessage;
  readonly succeeds: Reply<State>;
  /** For the first answer; each further attempt waits twice as long as the one before. */
  readonly timeout: DurationInput;
  /** Attempts in all. @default 5 */
  readonly attempts?: number;
  /** An attempt waits no longer than this. @default '5 minutes' */
  readonly longestTimeout?: DurationInput;
}

export interface Step<State> extends Request<State> {
  readonly name: string;
  /** Who is asked: names the topic, of the command and of what takes it back. */
  readonly to: string;
}

/** A service may say no to it. */
export interface RefusableStep<State> extends Step<State> {
  /** Answers that say it was not done and will not be. */
  readonly fails: readonly Reply<State>[];
}

export interface Compensation<State> extends Request<State> {
  /** Answers that say it cannot be taken back: the saga is parked for a person. @default - none */
  readonly fails?: readonly Reply<State>[];
}

export interface CompensatableStep<State> extends RefusableStep<State> {
  /** Takes it back. Sent too where it is unknown whether it was done. */
  readonly compensation: Compensation<State> | 'nothing to undo';
}

export interface SagaSpec<State> {
  readonly name: string;
  /** Raised when steps or state change, so that those under way can be told apart. @default 1 */
  readonly version?: number;
  readonly state: z.ZodType<State>;
  readonly starts: SagaStart<NoInfer<State>>;
  /** Taken back in reverse order when a later one, or the pivot, is refused. */
  readonly compensatable?: readonly CompensatableStep<NoInfer<State>>[];
  /** Where it did not answer nobody knows whether it was done: the saga is parked, not taken back. @default - none */
  readonly pivot?: RefusableStep<NoInfer<State>>;
  /** Once here the saga goes through. */
  readonly retriable?: readonly Step<NoInfer<State>>[];
  /** What is told others at the end. @default - nothing */
  readonly ends?: (state: NoInfer<State>, outcome: 'completed' | 'compensated') => readonly Addressed[];
  /** Where answers go: names the topic. @default - the name, with `-replies` */
  readonly replies?: string;
}

export interface SagaStart<State> {
  /** What kind of aggregate tells of it: names the topic. */
  readonly from: string;
  readonly type: string;
  /** @throws {KitError} `record-malformed` */
  readonly read: (payload: Uint8Array | null) => { readonly id: string; readonly state: State };
}

export const startsWith = <State, Payload>(
  from: string,
  message: Message<Payload>,
  read: (payload: Payload) => { readonly id: string; readonly state: State },
): SagaStart<State> => ({ from, type: message.type, read: (bytes) => read(readMessage(message, bytes)) });

export type StepKind = 'compensatable' | 'pivot' | 'retriable';
export type Direction = 'do' | 'undo';

/** A request with its numbers. */
export interface ResolvedRequest<State> {
  readonly command: (state: State) => WrittenMessage;
  readonly succeeds: Reply<State>;
  readonly fails: readonly Reply<State>[];
  readonly timeoutMs: number;
  readonly attempts: number;
  readonly longestTimeoutMs: number;
}

export interface ResolvedStep<State> {
  readonly name: string;
  readonly kind: StepKind;
  readonly to: string;
  readonly do: ResolvedRequest<State>;
  /** Undefined where there is nothing to undo. */
  readonly undo: ResolvedRequest<State> | undefined;
}

export interface Saga<State> {
  readonly name: string;
  readonly version: number;
  readonly state: z.ZodType<State>;
  readonly starts: SagaStart<State>;
  readonly steps: readonly ResolvedStep<State>[];
  readonly ends: (state: State, outcome: 'completed' | 'compensated') => readonly Addressed[];
  readonly replies: string;
}

const ATTEMPTS = 5;
const LONGEST_TIMEOUT: DurationInput = '5 minutes';

/** Resolves and checks a saga. @throws {KitError} `saga-malformed` */
export function defineSaga<State>(spec: SagaSpec<State>): Saga<State> {
  const steps = [
    ...(spec.compensatable ?? []).map((step) => resolve(step, 'compensatable', step.compensation)),
    ...(spec.pivot === undefined ? [] : [resolve(spec.pivot, 'pivot')]),
    ...(spec.retriable ?? []).map((step) => resolve(step, 'retriable')),
  ];
  const saga: Saga<State> = {
    name: spec.name,
    version: spec.version ?? 1,
    state: spec.state,
    starts: spec.starts,
    steps,
    ends: spec.ends ?? (() => []),
    replies: spec.replies ?? `${spec.name}-replies`,
  };
  check(saga);
  return saga;
}

function resolve<State>(
  step: Step<State>,
  kind: StepKind,
  compensation: Compensation<State> | 'nothing to undo' = 'nothing to undo',
): ResolvedStep<State> {
  return {
    name: step.name,
    kind,
    to: step.to,
    do: requestOf(step),
    undo: compensation === 'nothing to undo' ? undefined : requestOf(compensation),
  };
}

function requestOf<State>(
  request: Request<State> & { readonly fails?: readonly Reply<State>[] },
): ResolvedRequest<State> {
  return {
    command: request.command,
    succeeds: request.succeeds,
    fails: request.fails ?? [],
    timeoutMs: durationMs(request.timeout),
    attempts: request.attempts ?? ATTEMPTS,
    longestTimeoutMs: durationMs(request.longestTimeout ?? LONGEST_TIMEOUT),
  };
}

function check<State>({ name, steps }: Saga<State>): void {
  const refuse = (what: string, repair: string): never => {
    throw new KitError('saga-malformed', `saga ${JSON.stringify(name)}: ${what}`, { repair });
  };
  if (name === '') refuse('it has no name', 'name it');
  if (steps.length === 0) refuse('it has no step', 'declare at least one');
  const names = new Set<string>();
  for (const step of steps) {
    if (step.name === '' || names.has(step.name))
      refuse(`step ${JSON.stringify(step.name)} is there twice, or has no name`, 'name each step once');
    names.add(step.name);
    for (const request of [step.do, step.undo]) {
      if (request === undefined) continue;
      const types = [request.succeeds, ...request.fails].map(({ type }) => type);
      if (new Set(types).size < types.length)
        refuse(`step ${step.name}: one answer means two things`, 'answer with messages of different types');
      if (!Number.isSafeInteger(request.attempts) || request.attempts < 1)
        refuse(`step ${step.name}: ${request.attempts} attempts`, 'state a whole number of at least 1');
      if (request.timeoutMs < 1) refuse(`step ${step.name}: no time to answer`, 'state a timeout');
    }
  }
}
