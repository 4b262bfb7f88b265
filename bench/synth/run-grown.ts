import { checkManifests, formatFindings, type Manifest } from '../../constructs/policies/index.ts';
import { platformApp } from '../../stacks/kubernetes/platform-app.ts';
import { growPlatform } from './grown-platform.ts';
import type { GrownRun } from './run.ts';

// One process, one synthesis: what a user waits for is never warm. Prints a GrownRun.

const startedAt = performance.now();
const { topology, environment } = growPlatform(Number(process.argv[2]));
const resolvedAt = performance.now();
const app = platformApp(topology, environment);
const constructedAt = performance.now();
const manifests = app.charts.flatMap((chart) => chart.toJson() as Manifest[]);
const synthesizedAt = performance.now();
const findings = checkManifests(manifests);
const judgedAt = performance.now();

if (findings.length > 0) {
  console.error(formatFindings(findings));
  process.exitCode = 1;
}
const run: GrownRun = {
  objects: manifests.length,
  milliseconds: {
    model: resolvedAt - startedAt,
    constructs: constructedAt - resolvedAt,
    cdk8s: synthesizedAt - constructedAt,
    policies: judgedAt - synthesizedAt,
    together: judgedAt - startedAt,
  },
};
console.log(JSON.stringify(run));
