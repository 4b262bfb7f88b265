import { expect, test } from '@jest/globals';
import { compile } from '../helpers/compiler.ts';

test('illegal constructs do not compile, and nothing else in their file is wrong', () => {
  expect(compile('test/constructs/types')).toEqual({ status: 0, output: '' });
}, 60_000);
