import { fingerprintOf } from './fingerprint.ts';

// What a service says of itself in its `service.ts`. Infrastructure imports it to build manifests; the service imports
// the same object and compares its fingerprint with the one in the profile it was given at boot. Numbers do not belong
// here: they change without a new image. Structure does: what it takes, what it calls, which ports it opens.

export interface ServicePorts {
  /** The service's API. */
  readonly http: number;
  /** `/livez`, `/readyz` and `/metrics`. */
  readonly ops: number;
}

/** The ports every service has unless its image cannot. */
export const DEFAULT_PORTS: ServicePorts = { http: 8080, ops: 9464 };

export interface WorkerDeclaration {
  readonly kind: 'worker';
  /** Name of the workspace and the image. */
  readonly name: string;
  /** Type and version of the payload it understands, e.g. `mail.v1`. */
  readonly payload: string;
  /** The engines it calls, by the role they play in its code. */
  readonly calls: readonly string[];
  readonly ports: ServicePorts;
  readonly fingerprint: string;
}

/** What an image runs to serve a model: this project's engine, or a public server that infrastructure speaks to in its words. */
export type InferenceRuntime = 'penstock' | 'vllm' | 'text-embeddings-inference' | 'triton';

export interface InferenceEngineDeclaration<Tasks extends readonly InferenceTask[] = readonly InferenceTask[]> {
  readonly kind: 'inference-engine';
  readonly name: string;
  readonly runtime: InferenceRuntime;
  /** What it can do; a topology's engine picks one. */
  readonly tasks: Tasks;
  readonly ports: ServicePorts;
  readonly fingerprint: string;
}

/** Text to a vector, a query and texts to their order, a prompt to more text. */
export type InferenceTask = 'embedding' | 'reranking' | 'generation';

/** A service that answers requests and takes no work from a queue. */
export interface HttpServiceDeclaration {
  readonly kind: 'http-service';
  readonly name: string;
  /** The engines it calls, by the role they play in its code. */
  readonly calls: readonly string[];
  /** Type and version of the payload by the role that its queue plays, e.g. `{ orders: 'order.v1' }`. */
  readonly publishes: Readonly<Record<string, string>>;
  readonly ports: ServicePorts;
  readonly fingerprint: string;
}

/** Work that ends by itself. It opens no port: nobody finds a process that is about to go. */
export interface JobDeclaration {
  readonly kind: 'job';
  readonly name: string;
  /** The engines it calls, by the role they play in its code. */
  readonly calls: readonly string[];
  /** Type and version of the payload by the role that its queue plays. */
  readonly publishes: Readonly<Record<string, string>>;
  readonly fingerprint: string;
}

/** What is done once before a release. It runs before the others, so it can call none of them. */
export interface MigrationDeclaration {
  readonly kind: 'migration';
  readonly name: string;
  readonly fingerprint: string;
}

/** The services that are told their numbers by a profile. */
export type ServiceDeclaration =
  | WorkerDeclaration
  | InferenceEngineDeclaration
  | HttpServiceDeclaration
  | JobDeclaration;

/** Declares a service that takes work from a queue. */
export function declareWorker<const Calls extends readonly string[]>(declaration: {
  readonly name: string;
  readonly payload: string;
  readonly calls: Calls;
}): WorkerDeclaration & { readonly calls: Calls } {
  const structure = { kind: 'worker', ...declaration, ports: DEFAULT_PORTS } as const;
  return Object.freeze({ ...structure, fingerprint: fingerprintOf(structure) });
}

/** Declares a service that answers requests by a model. */
export function declareInferenceEngine<const Tasks extends readonly [InferenceTask, ...InferenceTask[]]>(declaration: {
  readonly name: string;
  readonly tasks: Tasks;
}): InferenceEngineDeclaration<Tasks> {
  return declared({ ...declaration, runtime: 'penstock', ports: DEFAULT_PORTS });
}

/** vLLM. Its API, its health and its metrics share a port. */
export const vllm = declared({
  name: 'vllm',
  runtime: 'vllm',
  tasks: ['generation', 'embedding', 'reranking'],
  ports: { http: 8000, ops: 8000 },
});

/** Hugging Face's text-embeddings-inference. It says how it is on the port of its API. */
export const textEmbeddings = declared({
  name: 'text-embeddings-inference',
  runtime: 'text-embeddings-inference',
  tasks: ['embedding', 'reranking'],
  ports: { http: 8080, ops: 9000 },
});

/** NVIDIA's Triton. What it batches and how many it queues stand in the `config.pbtxt` of its model repository. */
export const triton = declared({
  name: 'triton',
  runtime: 'triton',
  tasks: ['embedding', 'reranking', 'generation'],
  ports: { http: 8000, ops: 8002 },
});

function declared<const Tasks extends readonly [InferenceTask, ...InferenceTask[]]>(declaration: {
  readonly name: string;
  readonly runtime: InferenceRuntime;
  readonly tasks: Tasks;
  readonly ports: ServicePorts;
}): InferenceEngineDeclaration<Tasks> {
  const structure = { kind: 'inference-engine', ...declaration } as const;
  return Object.freeze({ ...structure, fingerprint: fingerprintOf(structure) });
}

/** Declares a service that answers requests and takes no work from a queue. */
export function declareHttpService<const Calls extends readonly string[]>(declaration: {
  readonly name: string;
  readonly calls: Calls;
  readonly publishes: Readonly<Record<string, string>>;
}): HttpServiceDeclaration & { readonly calls: Calls } {
  const structure = { kind: 'http-service', ...declaration, ports: DEFAULT_PORTS } as const;
  return Object.freeze({ ...structure, fingerprint: fingerprintOf(structure) });
}

/** Declares work that begins by the clock and ends by itself. */
export function declareJob<const Calls extends readonly string[]>(declaration: {
  readonly name: string;
  readonly calls: Calls;
  readonly publishes: Readonly<Record<string, string>>;
}): JobDeclaration & { readonly calls: Calls } {
  const structure = { kind: 'job', ...declaration } as const;
  return Object.freeze({ ...structure, fingerprint: fingerprintOf(structure) });
}

/** Declares what is done once before the workloads of a release start. */
export function declareMigration(declaration: { readonly name: string }): MigrationDeclaration {
  const structure = { kind: 'migration', ...declaration } as const;
  return Object.freeze({ ...structure, fingerprint: fingerprintOf(structure) });
}
