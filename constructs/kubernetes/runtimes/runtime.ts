import type { Duration, InferenceRuntime, ResolvedInferenceEngine, Topology } from '@penstock/model';
import type { ProbePaths } from '../pod-template.ts';
import { penstock } from './penstock.ts';
import { textEmbeddings } from './text-embeddings.ts';
import { triton } from './triton.ts';
import { vllm } from './vllm.ts';

/** One server in one pod, as the numbers of the model say it in the server's own words. */
export interface ServerProcess {
  /** Left out: the entrypoint of the image. */
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly probes: ProbePaths;
}

/** The pod of a replica that spans nodes; a replica on one node has the leader alone. */
export type GroupRole = 'leader' | 'worker';

export interface ServedEngine {
  readonly topology: Topology;
  readonly engine: ResolvedInferenceEngine;
  /** Folder of the model's files. */
  readonly folder: string;
  /** Where the process may write. */
  readonly scratch: string;
  /** From SIGTERM to SIGKILL, less what the pod spends before the process hears of it. */
  readonly shutdown: Duration;
}

/** How a runtime is started for an engine. */
export type Runtime = (served: ServedEngine, role: GroupRole) => ServerProcess;

export const RUNTIMES: Readonly<Record<InferenceRuntime, Runtime>> = {
  penstock,
  vllm,
  'text-embeddings-inference': textEmbeddings,
  triton,
};
