import { expect, test } from '@jest/globals';
import { compile } from '../helpers/compiler.ts';

test('illegal declarations do not compile, and nothing else in their file is wrong', () => {
  expect(compile('test/model/types')).toEqual({ status: 0, output: '' });
});
