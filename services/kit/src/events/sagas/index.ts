export { choreograph, type Reacted, type Reaction, react } from './choreography.ts';
export { answer, type SagaMove, start, timeOut } from './decide.ts';
export { takeIn } from './intake.ts';
export {
  type Addressed,
  defineMessage,
  HEADER,
  type Message,
  readMessage,
  tell,
  type WrittenMessage,
  write,
} from './message.ts';
export {
  type Answer,
  type Asked,
  answerCommands,
  type CommandHandler,
  done,
  on,
  type ParticipantOptions,
  refused,
} from './participant.ts';
export {
  type CompensatableStep,
  type Compensation,
  type Direction,
  defineSaga,
  type RefusableStep,
  type Reply,
  type Request,
  type Saga,
  type SagaSpec,
  type SagaStart,
  type Step,
  startsWith,
  when,
} from './saga.ts';
export {
  isOver,
  type SagaEntry,
  type SagaHappening,
  type SagaMail,
  type SagaRecord,
  type SagaStatus,
} from './saga-record.ts';
export { SagaRunner, type SagaRunnerOptions, type SagaRunnerState } from './saga-runner.ts';
export { turnOf } from './saga-turn.ts';
