import { CustomResource, type CustomResourceOptions } from '@pulumi/pulumi';
import { ConstructError } from '../errors.ts';

export interface DynamicResourceKind {
  /** Module of the provider: its path from the folder of Pulumi.yaml. */
  readonly provider: string;
  /** What the module exports it as. @default 'provider' */
  readonly exported?: string;
  /** What the provider finds out, beside what it is given. */
  readonly outputs: readonly string[];
}

/**
 * A resource as Pulumi's host for dynamic providers knows it. `dynamic.Resource` would write the provider's code into the
 * state, as of the day it was made and by a compiler's interface that TypeScript 7 has no more: the text that stands
 * there instead loads the module of the day.
 */
export class DynamicResource extends CustomResource {
  constructor(
    type: string,
    name: string,
    { provider, exported, outputs }: DynamicResourceKind,
    inputs: object,
    options: CustomResourceOptions,
  ) {
    super(
      `pulumi-nodejs:dynamic/penstock:${type}`,
      name,
      {
        ...inputs,
        ...Object.fromEntries(outputs.map((output) => [output, undefined])),
        __provider: loaderOf(provider, exported ?? 'provider'),
      },
      options,
    );
  }
}

/** @throws {ConstructError} `reference-missing` for a module that is not in the project */
export function checkModule(path: string): void {
  if (path.startsWith('/') || path.split('/').includes('..'))
    throw new ConstructError('reference-missing', 'provider', `${path} is no path from the project's folder`);
}

/** From the folder of Pulumi.yaml, wherever that lies today: a path of this machine would end up in the state. */
const loaderOf = (path: string, exported: string): string => `
const { existsSync } = require('node:fs');
const { dirname, join } = require('node:path');
exports.handler = () => {
  let root = process.cwd();
  while (!existsSync(join(root, 'Pulumi.yaml')) && dirname(root) !== root) root = dirname(root);
  return require(join(root, ${JSON.stringify(path)})).${exported};
};
`;
