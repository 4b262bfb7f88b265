import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { Deadline, type Job, KitError, type Statement } from '@penstock/kit';
import { type Example, parseClassifier, scoreOf, train } from '@penstock/mail-classifier/classifier';
import { parseMail, textOf } from '@penstock/mail-classifier/mail';
import { pino } from 'pino';
import { classifyMails } from '../../../services/mail-classifier/src/classify.ts';

const SPAM = Float32Array.of(1, 0.1);
const HAM = Float32Array.of(0.1, 1);
const EXAMPLES: readonly Example[] = [
  { embedding: SPAM, label: 'spam' },
  { embedding: HAM, label: 'ham' },
  { embedding: Float32Array.of(0, 0.8), label: 'ham' },
];
const classifier = train(EXAMPLES, 'm', 'r1');

const bytesOf = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const MAIL = { id: 'mail-1', subject: 'Win', body: 'now' };

describe('a mail', () => {
  test('is read from its payload, and embedded by subject and body', () => {
    expect(parseMail(bytesOf({ ...MAIL, label: 'spam' }))).toEqual(MAIL);
    expect(textOf(MAIL)).toBe('Win\nnow');
  });

  test.each([
    ['no JSON', new TextEncoder().encode('{')],
    ['no UTF-8', Uint8Array.of(0x22, 0xff, 0x22)],
    ['null', bytesOf(null)],
    ['no body', bytesOf({ id: 'a', subject: 'b' })],
    ['a number as its id', bytesOf({ ...MAIL, id: 1 })],
  ])('rejects %s for good', (_title, payload) => {
    expect(() => parseMail(payload)).toThrow(expect.objectContaining({ name: 'MalformedMail', retryable: false }));
  });
});

describe('the classifier', () => {
  test('parts what it was trained on, and is the same for the same examples', () => {
    expect(scoreOf(classifier, SPAM)).toBeGreaterThan(0.5);
    expect(scoreOf(classifier, HAM)).toBeLessThan(0.5);
    expect(train(EXAMPLES, 'm', 'r1')).toEqual(classifier);
    expect(parseClassifier(JSON.stringify(classifier))).toEqual(classifier);
  });

  test('rejects an embedding of another length', () => {
    expect(() => scoreOf(classifier, Float32Array.of(1))).toThrow(expect.objectContaining({ retryable: false }));
  });

  test('rejects a file of another version', () => {
    expect(() => parseClassifier('{"version":2}')).toThrow(expect.objectContaining({ name: 'UnfitClassifier' }));
  });

  test.each(['all-minilm-l6-v2', 'hashed-ngrams-384'])('carries one for %s with a weight a dimension', (name) => {
    const file = join(import.meta.dirname, '../../../services/mail-classifier/classifiers', `${name}.json`);
    const carried = parseClassifier(readFileSync(file, 'utf8'));
    expect(carried.model).toBe(name);
    expect(carried.weights).toHaveLength(384);
    expect(carried.weights.every(Number.isFinite)).toBe(true);
  });
});

describe('classifying', () => {
  const job: Job = {
    id: '1',
    idempotencyKey: 'key-1',
    payload: bytesOf(MAIL),
    headers: {},
    attempt: 2,
    token: 7,
    publishedAt: 1_000,
  };

  async function classify({ begun = 'fresh' as 'fresh' | 'applied', revision = 'r1', payload = job.payload } = {}) {
    const steps: string[] = [];
    const written: Statement[] = [];
    const handler = classifyMails({
      classifier,
      callDeadlineMs: 1_000,
      embedder: {
        embed: async ([text]) => {
          steps.push(`embed ${text}`);
          return { vectors: [SPAM], revision };
        },
      },
      effects: {
        begin: async (key, token) => {
          steps.push(`begin ${key} ${token}`);
          return begun;
        },
        apply: async (key, token, effect) => {
          steps.push(`apply ${key} ${token}`);
          written.push(...effect);
          return 'applied';
        },
      },
    });
    const result = handler(
      { ...job, payload },
      { signal: new AbortController().signal, deadline: Deadline.at(0), log: pino({ level: 'silent' }) },
    );
    const error = await result.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    return { steps, written, error };
  }

  test('fences, embeds, and stores one verdict with the token of its delivery, however late it is', async () => {
    const { steps, written, error } = await classify();
    expect(error).toBeUndefined();
    expect(steps).toEqual(['begin key-1 7', 'embed Win\nnow', 'apply key-1 7']);
    expect(written).toHaveLength(1);
    expect(written[0]?.params.slice(0, 5)).toEqual(['mail-1', 'spam', expect.any(Number), 2, 1_000]);
  });

  test('does nothing for a mail whose verdict is there', async () => {
    expect(await classify({ begun: 'applied' })).toEqual({ steps: ['begin key-1 7'], written: [], error: undefined });
  });

  test('rejects embeddings of another revision than the classifier was trained on', async () => {
    const { error, written } = await classify({ revision: 'r2' });
    expect(error).toMatchObject({ code: 'engine-failed', retryable: true, message: expect.stringContaining('r2') });
    expect(written).toEqual([]);
  });

  test('rejects a malformed mail before anything else', async () => {
    const { error, steps } = await classify({ payload: new Uint8Array() });
    expect(KitError.is(error)).toBe(false);
    expect(error).toMatchObject({ retryable: false });
    expect(steps).toEqual([]);
  });
});
