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

export interface InferenceEngineDeclaration {
  readonly kind: 'inference-engine';
  readonly name: string;
  /** What it can do; a topology's engine picks one. */
  readonly tasks: readonly InferenceTask[];
  readonly ports: ServicePorts;
  readonly fingerprint: string;
}

export type InferenceTask = 'embedding';

export type ServiceDeclaration = WorkerDeclaration | InferenceEngineDeclaration;

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
export function declareInferenceEngine(declaration: {
  readonly name: string;
  readonly tasks: readonly [InferenceTask, ...InferenceTask[]];
}): InferenceEngineDeclaration {
  const structure = { kind: 'inference-engine', ...declaration, ports: DEFAULT_PORTS } as const;
  return Object.freeze({ ...structure, fingerprint: fingerprintOf(structure) });
}
