export { type Joined, joinStreams, joinTable, type StreamJoinOptions, type TableJoinOptions } from './joins.ts';
export type { Emitted, Operator, TimedEvent } from './operator.ts';
export {
  Processor,
  type ProcessorInput,
  type ProcessorOptions,
  type ProcessorSpec,
  type ProcessorState,
} from './processor.ts';
export { StateStore, type StateView } from './state-store.ts';
export { type InputEvent, Task, type TaskOptions } from './task.ts';
export {
  type Aggregation,
  aggregate,
  hopping,
  session,
  tumbling,
  type Window,
  type WindowResult,
  type WindowSpec,
} from './windows.ts';
