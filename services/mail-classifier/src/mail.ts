/** Payload `mail.v1`. */
export interface Mail {
  readonly id: string;
  readonly subject: string;
  readonly body: string;
}

/** Trying again cannot help: the item goes to the dead letters with this reason. */
export class MalformedMail extends Error {
  override readonly name = 'MalformedMail';
  readonly retryable = false;
}

/** @throws {MalformedMail} */
export function parseMail(payload: Uint8Array): Mail {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
  } catch (error) {
    throw new MalformedMail(`not JSON in UTF-8: ${(error as Error).message}`);
  }
  const { id, subject, body } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof id !== 'string' || typeof subject !== 'string' || typeof body !== 'string') {
    throw new MalformedMail('expected { id, subject, body } as texts');
  }
  return { id, subject, body };
}

/** What the embedding model reads of a mail. */
export const textOf = ({ subject, body }: Mail): string => `${subject}\n${body}`;
