import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { CommandError } from '../exit.ts';
import { MAX_BODY_CHARACTERS, type Mail, type MailSource } from './mail.ts';

const SHOWN_FAULTS = 10;

/**
 * Mails of a file, one JSON object a line: `{"subject": "...", "body": "...", "id"?: "...", "label"?: "ham" | "spam"}`.
 * The whole file is checked before anything starts.
 *
 * @throws {CommandError} `input-invalid` with every bad line (the first ten of them)
 */
export async function mailsOfFile(path: string, limit: number): Promise<MailSource> {
  const hash = createHash('sha256').update(String(limit));
  const faults: string[] = [];
  const seen = new Map<string, number>();
  const classes = new Map<string, Mail['label']>();
  let count = 0;
  for await (const { line, number } of lines(path, limit)) {
    count++;
    hash.update(line);
    const mail = parseLine(line, number);
    if (typeof mail === 'string') {
      faults.push(`line ${number}: ${mail}`);
    } else {
      const before = seen.get(mail.id);
      if (before !== undefined)
        faults.push(`line ${number}: id "${mail.id}" is that of line ${before}; ids are unique`);
      seen.set(mail.id, number);
      classes.set(mail.id, mail.label);
    }
  }
  if (count === 0) faults.push('no lines; one JSON object a line is expected');
  if (faults.length > 0) {
    const more = faults.length > SHOWN_FAULTS ? `\n  and ${faults.length - SHOWN_FAULTS} more` : '';
    throw new CommandError(
      'input-invalid',
      `${path} is not a file of mails; nothing was started\n  ${faults.slice(0, SHOWN_FAULTS).join('\n  ')}${more}\n`,
    );
  }
  return {
    title: basename(path),
    identity: hash.digest('hex').slice(0, 16),
    count,
    classes: async () => classes,
    async *read() {
      for await (const { line, number } of lines(path, limit)) {
        const mail = parseLine(line, number);
        if (typeof mail === 'string')
          throw new CommandError('input-invalid', `${path} changed while it was read: line ${number}: ${mail}`);
        yield mail;
      }
    },
  };
}

async function* lines(path: string, limit: number): AsyncIterable<{ readonly line: string; readonly number: number }> {
  const stream = createReadStream(path, 'utf8');
  const opened = new Promise<void>((resolve, reject) => stream.once('open', () => resolve()).once('error', reject));
  try {
    await opened;
  } catch (error) {
    throw new CommandError('input-invalid', `${path} cannot be read: ${(error as Error).message}`, { cause: error });
  }
  let number = 0;
  let taken = 0;
  for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
    number++;
    if (line.trim() === '') continue;
    if (taken === limit) return;
    taken++;
    yield { line, number };
  }
}

/** The mail, or what is wrong with the line. */
function parseLine(line: string, number: number): Mail | string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    return `not JSON (${(error as Error).message})`;
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return 'not a JSON object';
  const { id = `line-${number}`, subject, body, label } = value as Readonly<Record<string, unknown>>;
  if (typeof subject !== 'string') return `subject: received ${JSON.stringify(subject) ?? 'nothing'}, expected a text`;
  if (typeof body !== 'string') return `body: received ${JSON.stringify(body) ?? 'nothing'}, expected a text`;
  if (typeof id !== 'string' || id === '') return `id: received ${JSON.stringify(id)}, expected a text or nothing`;
  if (label !== undefined && label !== 'ham' && label !== 'spam')
    return `label: received ${JSON.stringify(label)}, expected "ham", "spam" or nothing`;
  const mail = { id, subject, body: body.slice(0, MAX_BODY_CHARACTERS) };
  return label === undefined ? mail : { ...mail, label };
}
