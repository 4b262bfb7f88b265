export {
  type AttemptRecord,
  type Bus,
  type BusAdmin,
  type ConsumeOptions,
  type Consumption,
  type DeadLetter,
  type Failure,
  type Guarantees,
  type Lease,
  type OutgoingItem,
  openBus,
  openBusAdmin,
  type PublishReceipt,
  type Queue,
  type QueueDepth,
} from './bus/index.ts';
export { DEADLINE_HEADER, Deadline } from './deadline.ts';
export {
  type EffectStore,
  type EffectStoreOptions,
  openSqliteEffects,
  type SqlValue,
  type Statement,
} from './effects/effect-store.ts';
export { openEffects } from './effects/open-effects.ts';
export { type Embeddings, type EmbedOptions, EngineClient, type EngineClientOptions } from './engine-client.ts';
export { type EngineCall, type EngineProtocol, engineProtocol } from './engines/protocol.ts';
export { KitError, type KitErrorCode, type KitErrorOptions } from './errors.ts';
export { listenError, OpsServer, type OpsServerOptions, type ReadinessCheck } from './health.ts';
export {
  addressesOf,
  type Environment,
  type ProcessPort,
  portOf,
  type RunningService,
  runService,
  type ServiceContext,
} from './service.ts';
export { startTelemetry, type Telemetry, type TelemetryOptions } from './telemetry.ts';
export { markFailed } from './tracing/failure.ts';
export { type RequestServer, traceRequests } from './tracing/request-spans.ts';
export { type Handler, type Job, type JobContext, startWorker, type Worker, type WorkerOptions } from './worker.ts';
