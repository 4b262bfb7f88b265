import { argv, exit, stderr, stdout } from 'node:process';
import { awsEnvironments } from '../environments/aws.ts';
import { platformDashboardOf } from '../kubernetes/watched-platform.ts';
import { platform } from '../platform.ts';

// `node stacks/aws/dashboard.ts prod` prints the dashboard of an environment, for Grafana to import.
const [, , name = ''] = argv;
const environment = Object.entries(awsEnvironments).find(([each]) => each === name)?.[1];
if (environment === undefined) {
  stderr.write(`received ${JSON.stringify(name)}, expected one of ${Object.keys(awsEnvironments).join(', ')}\n`);
  exit(1);
}
stdout.write(`${platformDashboardOf(platform, environment.workloads)}\n`);
