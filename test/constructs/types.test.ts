import { expect, test } from '@jest/globals';
import { compile } from '../helpers/compiler.ts';

test('illegal props do not compile, a plain secret among them, and nothing else in their file is wrong', () => {
  expect(compile('test/constructs/types')).toEqual({ status: 0, output: '' });
});
