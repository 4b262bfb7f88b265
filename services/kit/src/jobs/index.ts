export { addWithin } from './add-within.ts';
export { type BlobReference, type BlobStore, blobReference, FolderBlobs } from './blobs.ts';
export type { DispatchedQueue, DispatchNumbers, DispatchTimes } from './dispatch-lane.ts';
export { dispatchTimesOf } from './dispatch-times.ts';
export { Dispatcher, type DispatcherOptions } from './dispatcher.ts';
export type { AddReceipt, AttemptFailure, JobProgress, JobRecord, JobReference, JobState, NewJob } from './job.ts';
export type { HandledJob, JobContext, JobHandler, NeededJob, StepScope } from './job-context.ts';
export { type JobOptions, JobQueue, type JobQueueOptions, type Need } from './job-queue.ts';
export { JobRunner, type JobRunnerOptions } from './job-runner.ts';
export type { JobStore, ProvisionOptions } from './job-store.ts';
export { openJobStore, provisionJobStore } from './open-store.ts';
export { type KeyRing, PayloadCodec } from './payload-codec.ts';
export { openPostgresJobs, type PostgresJobStore } from './postgres/postgres-job-store.ts';
export { type ReleasePolicy, releasePolicyOf } from './release-policy.ts';
export { type MissedRuns, type Schedule, Timetable } from './schedule.ts';
export type { Query } from './script.ts';
export type { AttemptEffect } from './scripts/attempt.ts';
export type { BreakerPolicy, BreakerState } from './scripts/breaker.ts';
export type { CancelAnswer } from './scripts/cancel.ts';
export type { QueueBound } from './scripts/count.ts';
export type { QueueCounts } from './scripts/counts.ts';
export type { Inspection } from './scripts/inspect.ts';
export { type JobPage, type JobSummary, type ListArguments, LONGEST_PAGE } from './scripts/list.ts';
export { jobBacklog, type QueueMeasure } from './scripts/measure.ts';
export { REDRIVEN_AT_MOST, type RedriveAnswer, type Redriven } from './scripts/redrive.ts';
export type { ScheduleRow } from './scripts/schedule.ts';
export {
  type BackoffPolicy,
  defineTask,
  type PayloadOf,
  type ResultOf,
  type RetryPolicy,
  type Task,
  type TaskLimits,
  type TaskSpec,
} from './task.ts';
export {
  type BatchedJob,
  type BatchHandler,
  type BatchOptions,
  handle,
  handleBatches,
  type TaskHandler,
} from './task-handler.ts';
