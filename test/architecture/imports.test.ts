import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { trackedFiles } from '../helpers/tracked-files.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const sources = trackedFiles(ROOT).filter((file) => file.endsWith('.ts') && !file.startsWith('test/'));

/** Relative imports and re-exports of values; those of types are gone before anything is loaded. */
const VALUES = /^(?:import|export)\s+(?!type\b)(?:[^'";]*?\sfrom\s+)?'(\.[^']+)'/gm;

const graph = new Map(
  sources.map((file) => [
    file,
    [...readFileSync(join(ROOT, file), 'utf8').matchAll(VALUES)].map(([, path]) => join(dirname(file), path as string)),
  ]),
);

/** The first cycle that is met, as its files; undefined without one. */
function cycleIn(edges: ReadonlyMap<string, readonly string[]>): readonly string[] | undefined {
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): readonly string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return undefined;
    for (const next of edges.get(file) ?? []) {
      const found = visit(next, [...path, file]);
      if (found !== undefined) return found;
    }
    done.add(file);
    return undefined;
  };
  for (const file of edges.keys()) {
    const found = visit(file, []);
    if (found !== undefined) return found;
  }
  return undefined;
}

test('a cycle is found', () => {
  const edges = { a: ['b'], b: ['c'], c: ['b'] };
  expect(cycleIn(new Map(Object.entries(edges)))).toEqual(['b', 'c', 'b']);
});

test('the graph is there', () => {
  expect(graph.get('model/src/index.ts')?.length).toBeGreaterThan(5);
});

test('no file loads itself by way of others', () => {
  expect(cycleIn(graph)).toBeUndefined();
});
