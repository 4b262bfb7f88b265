import { type Container, type Manifest, podsOf } from './manifest.ts';

/** The port of clients; what listens on it is a Valkey server, or a Redis one. */
const CLIENT_PORT = 6379;

/** The container of the server in a workload; undefined for every other workload. */
export const valkeyServer = (manifest: Manifest): Container | undefined =>
  podsOf(manifest)
    .flatMap(({ containers = [] }) => containers)
    .find(({ ports }) => ports?.some(({ containerPort }) => containerPort === CLIENT_PORT));
