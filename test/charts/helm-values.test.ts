import { expect, test } from '@jest/globals';
import { ADDONS, type Addon } from '../../charts/addons.ts';
import { helmValues } from '../../charts/helm-values.ts';

test('paths as the command of Helm takes them become values as its files have them', () => {
  expect(
    helmValues({ 'a.b': true, 'a.c[0].key': 'x/y.z', 'a.c[0].operator': 'Exists', 'a.c[1].key': 'w', d: 'ALL' }),
  ).toEqual({ a: { b: true, c: [{ key: 'x/y.z', operator: 'Exists' }, { key: 'w' }] }, d: 'ALL' });
  expect(helmValues()).toEqual({});
});

test('no path of an add-on is lost or hidden by another', () => {
  const leaves = (value: unknown): number =>
    typeof value === 'object' && value !== null
      ? Object.values(value).reduce<number>((sum, inner) => sum + leaves(inner), 0)
      : 1;
  for (const { source } of Object.values<Addon>(ADDONS))
    if (source.kind === 'helm') expect(leaves(helmValues(source.values))).toBe(Object.keys(source.values ?? {}).length);
});
