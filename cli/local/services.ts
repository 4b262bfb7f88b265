import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  encodeProfile,
  engineProfile,
  engineVariable,
  PROFILE_VARIABLE,
  type Topology,
  workerProfile,
} from '@penstock/model';
import { CommandError } from '../exit.ts';
import type { LocalModel } from '../models/local-model.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** How a service of the topology is started on this machine. */
export interface ServicePlan {
  readonly name: string;
  readonly main: string;
  readonly env: Readonly<Record<string, string>>;
  readonly terminationGraceMs: number;
}

export const LOCAL_ENV = { PENSTOCK_HOST: '127.0.0.1', PENSTOCK_OPS_PORT: '0', PENSTOCK_LOG_LEVEL: 'info' } as const;

export const mainOf = (service: string): string => join(root, 'services', service, 'src', 'main.ts');

/** The engine serves the model that this machine has, which may be another one than the declared. */
export function enginePlan(
  topology: Topology,
  id: string,
  model: LocalModel,
  httpPort: number,
  overrides: { readonly deadlineMs?: number } = {},
): ServicePlan {
  const engine = topology.engines[id];
  if (engine === undefined) throw new RangeError(`no engine ${id}`);
  const profile = engineProfile(topology, id);
  if (engine.service.runtime !== 'penstock' || profile.task !== 'embedding') {
    throw new CommandError(
      'platform-unreadable',
      `engines.${id}: ${engine.service.name} serves it for ${profile.task}, and this machine runs the project's own engine for embeddings only; deploy it, or leave it out of what is started here`,
    );
  }
  return {
    name: id,
    main: mainOf(engine.service.name),
    terminationGraceMs: engine.terminationGrace.toMilliseconds('up'),
    env: {
      ...LOCAL_ENV,
      PENSTOCK_HTTP_PORT: String(httpPort),
      ...(model.folder === undefined ? {} : { PENSTOCK_MODEL_DIR: model.folder }),
      [PROFILE_VARIABLE]: encodeProfile({
        ...profile,
        ...overrides,
        model: { ...profile.model, id: model.id, revision: model.revision, dimensions: model.dimensions },
      }),
    },
  };
}

export interface WorkerAddresses {
  readonly bus: string;
  readonly effects: string;
  readonly classifier: string;
  /** By the role the worker calls it in. */
  readonly engines: Readonly<Record<string, string>>;
}

export function workerPlan(topology: Topology, id: string, model: LocalModel, addresses: WorkerAddresses): ServicePlan {
  const worker = topology.workers[id];
  if (worker === undefined) throw new RangeError(`no worker ${id}`);
  const profile = workerProfile(topology, id);
  const calls = Object.fromEntries(
    Object.entries(profile.calls).map(([role, call]) => [role, { ...call, model: model.id }]),
  );
  const engines = Object.entries(addresses.engines).map(([role, url]) => [engineVariable(role), url] as const);
  return {
    name: id,
    main: mainOf(worker.service.name),
    terminationGraceMs: worker.terminationGrace.toMilliseconds('up'),
    env: {
      ...LOCAL_ENV,
      ...Object.fromEntries(engines),
      PENSTOCK_BUS: addresses.bus,
      PENSTOCK_EFFECTS: addresses.effects,
      PENSTOCK_CLASSIFIER: addresses.classifier,
      [PROFILE_VARIABLE]: encodeProfile({ ...profile, calls }),
    },
  };
}
