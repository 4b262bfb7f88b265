import { type Manifest, podsOf } from './manifest.ts';

/** The text of every configuration that a server mounts, comments left out. */
export function configOf(server: Manifest, all: readonly Manifest[]): string {
  const mounted = podsOf(server).flatMap(({ volumes = [] }) =>
    volumes.flatMap((volume) => {
      const projected = (volume['projected'] as { readonly sources?: readonly Source[] } | undefined)?.sources ?? [];
      return [volume as Source, ...projected].flatMap(({ configMap }) => configMap?.name ?? []);
    }),
  );
  return all
    .filter(
      ({ kind, metadata }) =>
        kind === 'ConfigMap' && metadata.namespace === server.metadata.namespace && mounted.includes(metadata.name),
    )
    .flatMap((map) => Object.values((map['data'] ?? {}) as Readonly<Record<string, string>>))
    .join('\n')
    .replaceAll(/(^|\s)(#|\/\/).*$/gm, '');
}

interface Source {
  readonly configMap?: { readonly name?: string };
}

/** What the server is told under a key, in either spelling of its configuration, or undefined. */
export const settingOf = (config: string, key: string): string | undefined =>
  new RegExp(`["']?\\b${key}\\b["']?\\s*[:= ]\\s*["']?([^\\s"',}]+)`).exec(config)?.[1];
