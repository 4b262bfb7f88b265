export {
  type AcceleratorSpec,
  describeAccelerator,
  type GpuShare,
  type ResolvedAccelerator,
} from './accelerator.ts';
export {
  type EngineAlerts,
  engineAlerts,
  type QueueAlerts,
  queueAlerts,
  type TopicAlerts,
  topicAlerts,
} from './derive/alerts.ts';
export {
  ARRIVAL_WINDOW,
  AUTOSCALER_TOLERANCE,
  GROWTH,
  NO_MEMORY,
  rateTarget,
  type ScalerMemory,
  type ScalingBounds,
  type ScalingSignal,
  scale,
  scalingSignals,
  type WorkSeen,
} from './derive/autoscaler.ts';
export { deviceShareOf } from './derive/batching.ts';
export { leadFor, unbegunFor } from './derive/dispatch.ts';
export { type SlowTraces, type TraceLoad, traceLoad } from './derive/traces.ts';
export { engineProfile, httpServiceProfile, jobProfile, queueProfile, workerProfile } from './encode.ts';
export type {
  EmbeddingModelSpec,
  GenerativeModelSpec,
  InferenceEnginePins,
  InferenceEngineSpec,
  ModelSpec,
  ResolvedInferenceEngine,
} from './engine.ts';
export { canonicalJson, fingerprintOf } from './fingerprint.ts';
export {
  type AwsGpuFamily,
  type AwsGpuMachine,
  type AwsMachine,
  type AwsOnDemandMachine,
  clientsOf,
  type EksGpuImage,
  type EksImageFamily,
  GKE_PRICES,
  type GkeAccelerator,
  type GkeGpuMachine,
  type GkeMachine,
  type GkeOnDemandMachine,
  GPU_CLASS_LABEL,
  GPU_CLASSES,
  GPU_MACHINES,
  GPU_RESOURCE,
  GPU_SHARING_LABEL,
  GPU_TAINT,
  type GpuClass,
  type GpuCloud,
  type GpuFacts,
  type GpuMachine,
  type GpuMachineName,
  type GpuMachineShare,
  type GpuSharing,
  gpuFacts,
  gpuLabels,
  gpuMemory,
  type ListPrice,
  type MigClass,
  type MigProfile,
  type MigSharing,
  type MigSlice,
  machineFor,
  machinesOf,
  migSlice,
  migSlices,
  type PriceList,
  type SpotClass,
  shareOf,
  sharingName,
  type TimeSlicing,
  type VertexAccelerator,
} from './gpu.ts';
export type { HttpServicePins, HttpServiceSpec, ResolvedHttpService } from './http-service.ts';
export type { MigrationSpec, ResolvedMigration } from './migration.ts';
export { NAME_LIMITS, topicConsumerNames, workloadName } from './names.ts';
export type { BurnRateAlert, ObjectiveSpec, ResolvedObjective } from './objective.ts';
export { parseProfile } from './parse-profile.ts';
export {
  type CallProfile,
  type Durability,
  encodeProfile,
  engineVariable,
  type HttpServiceProfile,
  type InferenceEngineProfile,
  type JobProfile,
  PROFILE_VARIABLE,
  PROFILE_VERSION,
  type ProfileOf,
  type QueueProfile,
  type ServiceProfile,
  type WorkerLifetime,
  type WorkerProfile,
} from './profile.ts';
export type { BackoffSpec, QueuePins, QueueSpec, ResolvedQueue } from './queue.ts';
export type { ResolvedResources, ResourcesSpec } from './resources.ts';
export type { ResolvedSchedule, ScheduleSpec } from './schedule.ts';
export {
  DEFAULT_PORTS,
  declareHttpService,
  declareInferenceEngine,
  declareJob,
  declareMigration,
  declareWorker,
  type HttpServiceDeclaration,
  type InferenceEngineDeclaration,
  type InferenceRuntime,
  type InferenceTask,
  type JobDeclaration,
  type MigrationDeclaration,
  type ServiceDeclaration,
  type ServicePorts,
  textEmbeddings,
  triton,
  vllm,
  type WorkerDeclaration,
} from './service.ts';
export type { ResolvedTopic, ResolvedTopicConsumer, TopicConsumerSpec, TopicSpec } from './topic.ts';
export { defineTopology, type Topology, type TopologySpec } from './topology.ts';
export {
  Bytes,
  type BytesInput,
  type BytesText,
  Duration,
  type DurationInput,
  type DurationText,
  Rate,
  type RateInput,
  type RateText,
  Ratio,
  type RatioInput,
  type RatioText,
} from './units.ts';
export {
  formatViolations,
  ModelError,
  VIOLATION_CODES,
  type Violation,
  type ViolationCode,
  Violations,
} from './violations.ts';
export type { WorkTime, WorkTimeSpec } from './work-time.ts';
export type { CallSpec, ResolvedWorker, WorkerPins, WorkerSpec } from './worker.ts';
