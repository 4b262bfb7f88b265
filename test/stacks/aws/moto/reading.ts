import { expect } from '@jest/globals';
import type { Answer } from '../../../helpers/moto-server.ts';

/** A question to a service after the deployment. Ids stand as `{Type}`, or `{Type/part of the logical id}`. */
export interface Reading {
  readonly type: string;
  readonly stack: string;
  /** What holds when the answer is as expected. */
  readonly holds: string;
  readonly ask: readonly [service: string, operation: string, parameters: Answer];
  /** Parts of the answer. */
  readonly expected: Answer;
}

export const reading = (
  type: string,
  stack: string,
  holds: string,
  ask: Reading['ask'],
  expected: Answer,
): Reading => ({
  type,
  stack,
  holds,
  ask,
  expected,
});

export const holding = (...parts: readonly unknown[]): unknown => expect.arrayContaining([...parts]);
export const some = (part: object): unknown => expect.objectContaining(part);
export const KEY = expect.stringMatching(/^arn:aws:kms:eu-central-1:\d+:key\//);
export const tagged = (part: string): unknown => holding({ Key: 'penstock:stack', Value: part });
