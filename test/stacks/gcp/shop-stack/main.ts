import { ComponentResource, output } from '@pulumi/pulumi';
import { platformProgram } from '../../../../stacks/gcp/platform-program.ts';
import { stackEnvironment } from '../../../../stacks/gcp/synthesize.ts';
import { CLUSTER, DATA, shop } from '../shop.ts';

// What a test changes from run to run: what the platform is part of, and what that was called before.
const { OWNER = 'test:Team', FORMERLY } = process.env;

const environment = stackEnvironment('prod');
const owner = new ComponentResource(OWNER, 'shop', {}, FORMERLY === undefined ? {} : { aliases: [{ type: FORMERLY }] });
const [project, location, repository, registry, bucket] = ['p', 'l', 'r', 'registry.example.com/p', 'b'];

platformProgram(
  shop,
  { ...environment, data: DATA, workloads: { ...environment.workloads, ...CLUSTER } },
  {
    repository: { project: output(project), location: output(location), repositoryId: output(repository) },
    registry: output(registry),
    bucket: output(bucket),
  },
  { parent: owner },
);
