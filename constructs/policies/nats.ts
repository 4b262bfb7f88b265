import { type Manifest, podsOf, specOf } from './manifest.ts';

/** The port of clients; a StatefulSet that listens on it is a NATS server. */
const CLIENT_PORT = 4222;

export const isNatsServer = (manifest: Manifest): boolean =>
  manifest.kind === 'StatefulSet' &&
  podsOf(manifest).some((pod) =>
    pod.containers?.some(({ ports }) => ports?.some(({ containerPort }) => containerPort === CLIENT_PORT)),
  );

export const replicasOf = (server: Manifest): number => specOf<{ replicas: number }>(server).replicas ?? 1;
