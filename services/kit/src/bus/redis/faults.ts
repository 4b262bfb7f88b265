import { ClientClosedError, ErrorReply } from '@redis/client';
import { KitError, type KitErrorCode } from '../../errors.ts';

interface Meaning {
  readonly code: KitErrorCode;
  readonly repair: string;
}

/** Redis refuses with a word at the beginning; each that a queue can meet has one meaning here. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  NOGROUP: { code: 'queue-missing', repair: 'provision it: `penstock up` does on this machine' },
  OOM: { code: 'storage-full', repair: 'let the workers catch up, or raise maxmemory' },
  MISCONF: { code: 'storage-failed', repair: 'check the disk of the server' },
  NOAUTH: { code: 'bus-refused', repair: 'name the file of the password in the address' },
  WRONGPASS: { code: 'bus-refused', repair: 'correct the user or the password' },
  MOVED: { code: 'bus-refused', repair: 'name one server: this driver does not go through the nodes of a cluster' },
  NOPERM: { code: 'bus-refused', repair: 'let this user run scripts on the keys and channels of its queues' },
};

const UNREACHABLE: Meaning = {
  code: 'bus-unreachable',
  repair: 'check the server; what was published under a key can be published again under it',
};

/** What the client or the server said, in words of the kit. */
export function faultOf(error: unknown, what: string): KitError {
  if (KitError.is(error)) return error;
  if (error instanceof ClientClosedError)
    return new KitError('bus-closed', 'the bus was closed', { repair: 'open it again', cause: error });
  const message = error instanceof Error ? error.message : String(error);
  const word = /^[A-Z]+/.exec(message)?.[0] ?? '';
  const { code, repair } = (error instanceof ErrorReply ? MEANINGS[word] : undefined) ?? UNREACHABLE;
  return new KitError(code, `${what}: ${message}`, { repair, cause: error });
}
