import { checkManifests, formatFindings, type Manifest } from '../../constructs/policies/index.ts';
import { environments } from '../environments/index.ts';
import { platform } from '../platform.ts';
import { platformApp } from './platform-app.ts';

// `cdk8s synth` runs this file: one folder an environment, one file a chart, in the order in which they are applied.
const findings = Object.values(environments).flatMap((environment) => {
  const app = platformApp(
    platform,
    environment,
    `${process.env['CDK8S_OUTDIR'] ?? 'dist'}/kubernetes/${environment.name}`,
  );
  app.synth();
  return checkManifests(app.charts.flatMap((chart) => chart.toJson() as Manifest[]));
});
if (findings.length > 0) {
  console.error(formatFindings(findings));
  process.exitCode = 2;
}
