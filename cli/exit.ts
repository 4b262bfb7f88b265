import { ModelError } from '@penstock/model';

/** What the process exits with. 2 says: what you wrote is wrong and nothing was started. */
export const EXIT = { ok: 0, failed: 1, invalid: 2, interrupted: 130 } as const;

export type CommandErrorCode =
  | 'usage'
  | 'platform-unreadable'
  | 'input-invalid'
  | 'model-missing'
  | 'service-failed'
  | 'run-incomplete'
  | 'findings';

/** A fault of a command, shown without a stack. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly code: CommandErrorCode;
  readonly exit: number;

  constructor(
    code: CommandErrorCode,
    message: string,
    options: { readonly exit?: number; readonly cause?: unknown } = {},
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : {});
    this.code = code;
    this.exit =
      options.exit ??
      (code === 'usage' || code === 'platform-unreadable' || code === 'input-invalid' ? EXIT.invalid : EXIT.failed);
  }
}

/** Prints an error for a person and returns the exit status. Only what nobody foresaw shows its stack. */
export function reportError(error: unknown, write: (text: string) => void): number {
  if (ModelError.is(error)) {
    write(`penstock: the declaration does not hold\n\n${error.message}\n`);
    return EXIT.invalid;
  }
  if (error instanceof CommandError) {
    write(`penstock: ${error.message} [${error.code}]\n`);
    return error.exit;
  }
  if (error instanceof Error && 'code' in error && 'retryable' in error) {
    write(`penstock: ${error.message}\n`);
    return EXIT.failed;
  }
  write(`penstock: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return EXIT.failed;
}
