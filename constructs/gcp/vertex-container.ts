import { Bytes, type BytesInput, Duration, type DurationInput } from '@penstock/model';
import type { Input } from '@pulumi/pulumi';
import { ConstructError } from '../errors.ts';
import { isImmutableImage } from '../image-text.ts';

type NonEmpty<T> = readonly [T, ...T[]];

/** One way of asking a container how it is. */
export type VertexProbeCheck =
  | { readonly http: { readonly path: string; readonly port: number; readonly scheme?: 'HTTP' | 'HTTPS' } }
  | { readonly grpc: { readonly port: number; readonly service?: string } }
  | { readonly tcp: { readonly port: number } }
  | { readonly command: NonEmpty<string> };

export type VertexProbe = VertexProbeCheck & {
  /** @default '10 seconds' */
  readonly period?: DurationInput;
  /** @default '1 second' */
  readonly timeout?: DurationInput;
  /** @default '0 seconds' */
  readonly initialDelay?: DurationInput;
  /** Failures in a row before it counts. @default 3 */
  readonly failures?: number;
};

/** A server image on Vertex AI. */
export interface VertexContainer {
  /** By digest, or by a tag that does not move. */
  readonly image: string;
  readonly command?: NonEmpty<string>;
  readonly args?: readonly Input<string>[];
  readonly env?: Readonly<Record<string, Input<string>>>;
  readonly port: number;
  /** @default - no gRPC */
  readonly grpcPort?: number;
  /** Where requests are posted, e.g. `/v1/chat/completions`. */
  readonly predictRoute: string;
  readonly healthRoute: string;
  /** Between processes of several devices. @default - what Vertex AI gives */
  readonly sharedMemory?: BytesInput;
  /** The deployment has failed after so long: image, weights and start together. At most 2 hours. */
  readonly deploymentTimeout?: DurationInput;
  readonly probes?: {
    readonly startup?: VertexProbe;
    readonly health?: VertexProbe;
    readonly liveness?: VertexProbe;
  };
}

const LONGEST_DEPLOYMENT = Duration.parse('2 hours');

/**
 * As both the provider and the API take it, but for two names of lists.
 *
 * @throws {ConstructError} `image-mutable`, `window-too-long` for a deployment of more than two hours,
 *   `quantity-malformed` for a port or a count out of bounds
 */
export function containerSpec(path: string, container: VertexContainer) {
  const { image, args, env, grpcPort, sharedMemory, probes } = container;
  if (!isImmutableImage(image))
    throw new ConstructError('image-mutable', `${path}.image`, `received ${image}, expected a digest or a fixed tag`);
  const timeout = container.deploymentTimeout === undefined ? undefined : duration(container.deploymentTimeout);
  if (timeout !== undefined && timeout.microseconds > LONGEST_DEPLOYMENT.microseconds)
    throw new ConstructError('window-too-long', `${path}.deploymentTimeout`, `${timeout}, expected 2 hours at most`);
  return {
    imageUri: image,
    ...(args === undefined ? {} : { args: [...args] }),
    ...(env === undefined ? {} : { envs: Object.entries(env).map(([name, value]) => ({ name, value })) }),
    ports: [{ containerPort: portOf(`${path}.port`, container.port) }],
    ...(grpcPort === undefined ? {} : { grpcPorts: [{ containerPort: portOf(`${path}.grpcPort`, grpcPort) }] }),
    predictRoute: container.predictRoute,
    healthRoute: container.healthRoute,
    ...(container.command === undefined ? {} : { commands: [...container.command] }),
    ...(sharedMemory === undefined
      ? {}
      : {
          sharedMemorySizeMb: String(
            (Bytes.is(sharedMemory) ? sharedMemory : Bytes.parse(sharedMemory)).toMebibytes('up'),
          ),
        }),
    ...(timeout === undefined ? {} : { deploymentTimeout: `${timeout.toSeconds('up')}s` }),
    ...(probes?.startup === undefined ? {} : { startupProbe: probeOf(`${path}.probes.startup`, probes.startup) }),
    ...(probes?.health === undefined ? {} : { healthProbe: probeOf(`${path}.probes.health`, probes.health) }),
    ...(probes?.liveness === undefined ? {} : { livenessProbe: probeOf(`${path}.probes.liveness`, probes.liveness) }),
  };
}

function probeOf(path: string, probe: VertexProbe) {
  const { failures } = probe;
  if (failures !== undefined && (!Number.isInteger(failures) || failures < 1))
    throw new ConstructError('quantity-malformed', `${path}.failures`, `received ${failures}, expected 1 or more`);
  return {
    ...checkOf(path, probe),
    periodSeconds: duration(probe.period ?? '10 seconds').toSeconds('up'),
    timeoutSeconds: duration(probe.timeout ?? '1 second').toSeconds('up'),
    initialDelaySeconds: duration(probe.initialDelay ?? '0 seconds').toSeconds('up'),
    failureThreshold: failures ?? 3,
  };
}

function checkOf(path: string, check: VertexProbeCheck) {
  if ('http' in check) {
    const { path: route, port, scheme } = check.http;
    return { httpGet: { path: route, port: portOf(`${path}.http.port`, port), scheme: scheme ?? 'HTTP' } };
  }
  if ('grpc' in check) {
    const { port, service } = check.grpc;
    return { grpc: { port: portOf(`${path}.grpc.port`, port), ...(service === undefined ? {} : { service }) } };
  }
  if ('tcp' in check) return { tcpSocket: { port: portOf(`${path}.tcp.port`, check.tcp.port) } };
  return { exec: { commands: [...check.command] } };
}

const duration = (input: DurationInput): Duration => (Duration.is(input) ? input : Duration.parse(input));

function portOf(path: string, port: number): number {
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  throw new ConstructError('quantity-malformed', path, `received ${port}, expected a port, 1 to 65535`);
}
