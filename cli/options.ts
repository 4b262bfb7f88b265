import { type ParseArgsConfig, parseArgs } from 'node:util';
import { CommandError } from './exit.ts';

type Options = NonNullable<ParseArgsConfig['options']>;

/**
 * Parses a command's options. `--help` prints the text and ends the command.
 *
 * @returns undefined when help was asked for
 * @throws {CommandError} `usage`
 */
export function parseOptions<const O extends Options>(args: readonly string[], options: O, help: string) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { ...options, help: { type: 'boolean' } },
      strict: true,
      allowPositionals: false,
    });
    if ((values as { readonly help?: boolean }).help === true) {
      process.stdout.write(help);
      return undefined;
    }
    return values as ReturnType<typeof parseArgs<{ options: O }>>['values'];
  } catch (error) {
    throw new CommandError('usage', `${(error as Error).message}\n\n${help}`, { cause: error });
  }
}

/** A whole number of at least 1. @throws {CommandError} `usage` */
export function countOption(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 1 && /^\d+$/.test(text)) return value;
  throw new CommandError('usage', `--${name}: received "${text}", expected a whole number of at least 1`);
}
