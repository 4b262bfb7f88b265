import { trace } from '@opentelemetry/api';
import {
  ModelError,
  PROFILE_VARIABLE,
  type ProfileOf,
  parseProfile,
  type ServiceDeclaration,
  type ServicePorts,
} from '@penstock/model';
import { type Logger, pino } from 'pino';
import { KitError } from './errors.ts';
import { OpsServer } from './health.ts';
import { startTelemetry } from './telemetry.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The part of `process` that a service's life hangs on; handed in by its `main.ts`. */
export interface ProcessPort {
  on(event: 'SIGTERM' | 'SIGINT' | 'disconnect', listener: () => void): unknown;
  exit(code: number): void;
  readonly send?: ((message: unknown) => unknown) | undefined;
}

/** What a service has once it is up; returned by its start function. */
export interface RunningService {
  /** Port of the API, where it has one. */
  readonly http?: number;
  /** Why it is not ready now; undefined when it is. */
  readonly notReady: () => string | undefined;
  /** Ends work in progress in order. Called once. */
  readonly drain: () => Promise<void>;
  /** Resolves when it has nothing left to do: it is drained and the process ends well. @default - it never has */
  readonly finished?: Promise<void>;
  /** Rejects when the service cannot go on. */
  readonly failed: Promise<never>;
}

export interface ServiceContext<P> {
  readonly profile: P;
  readonly env: Environment;
  readonly host: string;
  readonly log: Logger;
}

const SIGNAL_EXIT = { SIGTERM: 143, SIGINT: 130 } as const;

/**
 * The life of a service: reads its profile, opens the ops port, starts, is ready, drains on SIGTERM and exits 0. With a
 * profile that is not of this image it stays up and not ready, so that a rollout stops at the first pod and says why.
 */
export async function runService<D extends ServiceDeclaration & { readonly ports: ServicePorts }>(
  declaration: D,
  process: ProcessPort,
  env: Environment,
  start: (context: ServiceContext<ProfileOf<D>>) => Promise<RunningService>,
): Promise<void> {
  const level = env['PENSTOCK_LOG_LEVEL'] ?? 'info';
  const isLevel = level === 'silent' || Object.hasOwn(pino.levels.values, level);
  const log = pino({ level: isLevel ? level : 'info', base: { service: declaration.name }, mixin: traceOfLog });
  const host = env['PENSTOCK_HOST'] ?? '0.0.0.0';
  try {
    if (!isLevel) {
      const expected = `silent or one of ${Object.keys(pino.levels.values).join(', ')}`;
      throw new KitError('address-malformed', `PENSTOCK_LOG_LEVEL: received "${level}", expected ${expected}`);
    }
    const profile = readProfile(env, declaration);
    const tracesEndpoint = env['OTEL_EXPORTER_OTLP_ENDPOINT'];
    const instance = profile instanceof ModelError ? declaration.name : profile.id;
    const telemetry = await startTelemetry({
      service: declaration.name,
      instance,
      ...(tracesEndpoint === undefined ? {} : { tracesEndpoint }),
    });
    const ops = await OpsServer.listen({
      host,
      port: portOf(env, 'PENSTOCK_OPS_PORT', declaration.ports.ops),
      handleMetrics: telemetry.handleMetrics,
    });
    if (profile instanceof ModelError) {
      log.error({ err: profile }, 'this image and its manifests do not fit together; never ready');
      ops.check('profile', () => profile.message);
      watchSignals(process, ops, log, async () => telemetry.shutdown());
      return;
    }
    ops.check('start', () => 'starting');
    let service: RunningService | undefined;
    // Before the start: the first process of a container that does not listen for SIGTERM does not get it.
    const end = watchSignals(process, ops, log, async () => {
      await service?.drain();
      await telemetry.shutdown();
    });
    service = await start({ profile, env, host, log: log.child({ id: profile.id, revision: profile.revision }) });
    ops.check('start', () => undefined);
    ops.check('service', service.notReady);
    log.info({ http: service.http, ops: ops.port }, 'listening');
    process.send?.({ type: 'listening', http: service.http, ops: ops.port });
    void service.finished?.then(() => end('finished'));
    await service.failed;
  } catch (error) {
    log.fatal({ err: error }, 'cannot go on');
    process.exit(1);
  }
}

/** By these a line of the log and the span that it was written in find each other. */
function traceOfLog(): Readonly<Record<string, string>> {
  const span = trace.getActiveSpan()?.spanContext();
  return span === undefined ? {} : { trace_id: span.traceId, span_id: span.spanId };
}

/** The profile, or why it is not this image's; a profile that cannot be read at all ends the process. */
function readProfile<D extends ServiceDeclaration>(env: Environment, declaration: D): ProfileOf<D> | ModelError {
  try {
    return parseProfile(env[PROFILE_VARIABLE], declaration);
  } catch (error) {
    if (ModelError.is(error) && error.code === 'profile-mismatch') return error;
    throw error;
  }
}

type End = keyof typeof SIGNAL_EXIT | 'disconnect' | 'finished';

/** Drains once, at the first reason to end; returns what a service that is done calls itself. */
function watchSignals(
  process: ProcessPort,
  ops: OpsServer,
  log: Logger,
  drain: () => Promise<void>,
): (reason: End) => Promise<void> {
  let draining = false;
  const end = async (reason: End): Promise<void> => {
    if (draining) {
      // A parent that told it to stop and went away asks for nothing more; a second signal asks to stop at once.
      if (reason !== 'disconnect' && reason !== 'finished') process.exit(SIGNAL_EXIT[reason]);
      return;
    }
    draining = true;
    ops.check('drain', () => 'draining');
    log.info({ reason }, 'draining');
    const code = await drain().then(
      () => 0,
      (error: unknown) => {
        log.error({ err: error }, 'the drain failed; leases come back by themselves');
        return 1;
      },
    );
    await ops.close();
    if (code === 0) log.info('drained');
    process.exit(code);
  };
  // Losing the parent that started it means the same as being told to stop.
  for (const signal of ['SIGTERM', 'SIGINT', 'disconnect'] as const) process.on(signal, () => void end(signal));
  return end;
}

/** A port of the environment, or the declared one. @throws {KitError} `address-malformed` */
export function portOf(env: Environment, name: string, declared: number): number {
  const text = env[name];
  if (text === undefined) return declared;
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new KitError('address-malformed', `${name}: received ${JSON.stringify(text)}, expected a port from 0 to 65535`);
}

/** Reads several addresses and reports all that are missing. @throws {KitError} `address-missing` */
export function addressesOf<const K extends string>(
  env: Environment,
  names: readonly K[],
): Readonly<Record<K, string>> {
  const missing = names.filter((name) => (env[name] ?? '') === '');
  if (missing.length > 0) {
    throw new KitError('address-missing', `${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not set`, {
      repair: 'start the service by its manifests or by `penstock up`, which set them',
    });
  }
  return Object.fromEntries(names.map((name) => [name, env[name]])) as Record<K, string>;
}
