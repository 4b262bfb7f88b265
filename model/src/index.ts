export { canonicalJson, fingerprintOf } from './fingerprint.ts';
export {
  type CallProfile,
  type Durability,
  encodeProfile,
  type InferenceEngineProfile,
  PROFILE_VARIABLE,
  PROFILE_VERSION,
  type ProfileOf,
  parseProfile,
  type QueueProfile,
  type ServiceProfile,
  type WorkerProfile,
} from './profile.ts';
export {
  DEFAULT_PORTS,
  declareInferenceEngine,
  declareWorker,
  type InferenceEngineDeclaration,
  type InferenceTask,
  type ServiceDeclaration,
  type ServicePorts,
  type WorkerDeclaration,
} from './service.ts';
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
