import { expect, test } from '@jest/globals';
import { readTargets, type TargetResult } from '../../../cli/local/targets.ts';

/** What a program that prints so, and ends so, is taken to say. */
async function readFrom(program: string): Promise<readonly TargetResult[]> {
  const told: TargetResult[] = [];
  const results = await readTargets(['--eval', program], (result) => told.push(result));
  expect(told).toEqual(results);
  return results;
}

const holds = JSON.stringify({ name: 'kubernetes/prod', objects: 40, rules: 82, findings: [] });
const broken = JSON.stringify({ name: 'gcp/prod', objects: 90, rules: 95, findings: ['Cluster/a: can be deleted'] });

test('warnings of libraries are no findings, on either stream', async () => {
  const results = await readFrom(`
    console.error('(node:1) ExperimentalWarning: SQLite is an experimental feature');
    console.log('npm notice a new version is there');
    console.log('{ not json');
    console.log('{"level":"warn","name":"a library"}');
    console.log(${JSON.stringify(holds)});
    console.error('a deprecated field');
  `);
  expect(results).toEqual([{ ok: true, line: 'kubernetes/prod           40 objects, all of 82 rules hold' }]);
});

test('a target with findings does not hold, and the others do', async () => {
  const results = await readFrom(`
    console.log(${JSON.stringify(holds)});
    console.log(${JSON.stringify(broken)});
    process.exitCode = 1;
  `);
  expect(results).toEqual([
    { ok: true, line: expect.stringContaining('kubernetes/prod') },
    { ok: false, line: 'gcp/prod                  90 objects, 1 findings' },
  ]);
});

test('a check that ends without a verdict is none that holds, and says its last words', async () => {
  const results = await readFrom(`
    console.log(${JSON.stringify(holds)});
    console.error('penstock: vertex.chat: is not in mailroom [reference-missing]');
    process.exitCode = 1;
  `);
  expect(results).toEqual([
    { ok: true, line: expect.any(String) },
    {
      ok: false,
      line: 'the check itself ended early: penstock: vertex.chat: is not in mailroom [reference-missing]',
    },
  ]);
});
