import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { AWS_ALERT_NAMES } from '../../constructs/aws/alarm.ts';
import { ALERT_NAMES } from '../../constructs/monitoring/alert.ts';

const text = readFileSync(new URL('../../docs/alerts.md', import.meta.url), 'utf8');

test('every alert has its part in the page that it links to, and no part is of an alert that is gone', () => {
  const parts = [...text.matchAll(/^## (\w+)$/gm)].map(([, name]) => name);
  expect(parts).toEqual([...ALERT_NAMES, ...AWS_ALERT_NAMES]);
});
