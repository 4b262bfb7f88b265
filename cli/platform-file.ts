import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ModelError, type Topology } from '@penstock/model';
import { CommandError } from './exit.ts';

/**
 * Loads the topology that a file exports as `platform`.
 *
 * @param file relative to the current folder
 * @throws {ModelError} when the declaration does not hold; {CommandError} `platform-unreadable` when it cannot be loaded
 */
export async function loadPlatform(file: string): Promise<Topology> {
  const path = resolve(file);
  let module: { readonly platform?: Topology };
  try {
    module = (await import(pathToFileURL(path).href)) as typeof module;
  } catch (error) {
    if (ModelError.is(error)) throw error;
    throw new CommandError(
      'platform-unreadable',
      `${file} cannot be loaded: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
  if (module.platform?.fingerprint === undefined) {
    throw new CommandError('platform-unreadable', `${file} exports no \`platform\` made by defineTopology()`);
  }
  return module.platform;
}
