import { KitError, type KitErrorCode } from '../errors.ts';

interface Meaning {
  readonly code: KitErrorCode;
  readonly repair: string;
}

const UNREACHABLE: Meaning = {
  code: 'store-unreachable',
  repair: 'check the server; what was under way may have been done, and is right to do again',
};
const REFUSED: Meaning = { code: 'store-refused', repair: 'correct the user, its password, or what it was granted' };
const FULL: Meaning = {
  code: 'storage-full',
  repair: 'free some space on the server; nothing that was accepted is lost',
};
const MISSING: Meaning = { code: 'store-missing', repair: 'provision it: `penstock up` does on this machine' };
const FAILED: Meaning = { code: 'storage-failed', repair: 'correct the statement, or look into the log of the server' };

/** By the state that the server answers with: the whole of it first, then its class. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  '08': UNREACHABLE,
  '28': REFUSED,
  '42501': REFUSED,
  '3D000': REFUSED,
  '42P01': MISSING,
  '3F000': MISSING,
  '53100': FULL,
  '53300': UNREACHABLE,
  '57P01': UNREACHABLE,
  '57P02': UNREACHABLE,
  '57P03': UNREACHABLE,
  // Left idle in a transaction for too long: a process that was stopped.
  '25P03': UNREACHABLE,
  '25P01': { code: 'store-refused', repair: 'begin a transaction, so that all is done or nothing' },
};

const stateOf = (error: unknown): string | undefined => {
  const code = (error as { readonly code?: unknown } | null)?.code;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
};

/** Two transactions could not both go on: this one was taken back and may be tried again. */
export const isConflict = (error: unknown): boolean => ['40001', '40P01'].includes(stateOf(error) ?? '');

/** What the server or the connection said, in words of the kit. */
export function faultOf(error: unknown, where: string): KitError {
  if (KitError.is(error)) return error;
  const state = stateOf(error);
  // Without a state of the server it was the connection that failed.
  const { code, repair } =
    state === undefined ? UNREACHABLE : (MEANINGS[state] ?? MEANINGS[state.slice(0, 2)] ?? FAILED);
  const message = error instanceof Error ? error.message : String(error);
  return new KitError(code, `${where}: ${message}`, { repair, cause: error });
}
