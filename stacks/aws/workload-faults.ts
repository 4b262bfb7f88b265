import type { Topology } from '@penstock/model';
import { artifactsOf } from '../../constructs/artifacts.ts';
import type {
  AwsEnvironment,
  DataEnvironment,
  PublishedAddress,
  PublishedSecret,
} from '../environments/aws-environment.ts';
import type { EnvironmentFault } from './environment-error.ts';
import { servedByCluster } from './served-engines.ts';

/** Which part of the data each address or secret is of. */
const KEPT_BY = {
  kafka: 'kafka',
  database: 'database',
  'database-readers': 'database',
  'database-username': 'database',
  'database-password': 'database',
  cache: 'cache',
  rabbitmq: 'rabbitMq',
  'rabbitmq-username': 'rabbitMq',
  'rabbitmq-password': 'rabbitMq',
} as const satisfies Readonly<Record<PublishedAddress | PublishedSecret, keyof DataEnvironment>>;

/** Of what the workloads are given: their images, and what they find, read and ask. */
export const workloadFaults = (topology: Topology, environment: AwsEnvironment): readonly EnvironmentFault[] => [
  ...versionFaults(topology, environment),
  ...strangers(topology, environment),
  ...foundFaults(environment),
  ...userFaults(environment),
  ...invocationFaults(environment),
];

const missing = (path: string, received: string, expected: string, repair: string): EnvironmentFault => ({
  code: 'reference-missing',
  path,
  received,
  expected,
  repair,
});

function versionFaults(topology: Topology, environment: AwsEnvironment): readonly EnvironmentFault[] {
  const { versions } = environment.workloads;
  return artifactsOf(servedByCluster(topology, environment))
    .services.filter((service) => versions[service] === undefined)
    .map((service) =>
      missing(
        `workloads.versions.${service}`,
        'nothing',
        'the tag of its image in the registry of the account',
        'push the image, and write its tag',
      ),
    );
}

/** What is given to somebody who is not there. */
function strangers(
  { workers, httpServices, schedules, migrations }: Topology,
  { workloads: { finds = {}, reads = {}, users = {}, invokes = {} } }: AwsEnvironment,
): readonly EnvironmentFault[] {
  const known = [workers, httpServices, schedules, migrations].flatMap((section) => Object.keys(section));
  return Object.entries({ finds, reads, users, invokes }).flatMap(([field, given]) =>
    Object.keys(given)
      .filter((id) => !known.includes(id))
      .map((id) =>
        missing(
          `workloads.${field}.${id}`,
          id,
          `a worker, service, schedule or migration: ${known.join(', ') || 'there is none'}`,
          'correct the id, or leave it out',
        ),
      ),
  );
}

function foundFaults({ data = {}, workloads }: AwsEnvironment): readonly EnvironmentFault[] {
  const { finds = {}, reads = {} } = workloads;
  return Object.entries({ finds, reads }).flatMap(([field, given]) =>
    Object.entries<Readonly<Record<string, PublishedAddress | PublishedSecret>>>(given).flatMap(([id, named]) =>
      Object.entries(named)
        .filter(([, what]) => data[KEPT_BY[what]] === undefined)
        .map(([name, what]) =>
          missing(
            `workloads.${field}.${id}.${name}`,
            what,
            `something that the environment has: ${Object.keys(data).join(', ') || 'it has no data'}`,
            `state data.${KEPT_BY[what]}, or leave it out`,
          ),
        ),
    ),
  );
}

function userFaults({ data = {}, workloads }: AwsEnvironment): readonly EnvironmentFault[] {
  const named = Object.keys(data.cache?.users ?? {});
  return Object.entries(workloads.users ?? {}).flatMap(([id, { cache, database }]) => [
    ...(cache === undefined || named.includes(cache)
      ? []
      : [
          missing(
            `workloads.users.${id}.cache`,
            cache,
            `a user of the cache: ${named.join(', ') || 'there is none'}`,
            `add it to data.cache.users, with the keys that it has`,
          ),
        ]),
    ...(database === undefined || data.database !== undefined
      ? []
      : [missing(`workloads.users.${id}.database`, database, 'a database', 'state data.database, or leave it out')]),
  ]);
}

const invocationFaults = ({ serving = {}, workloads }: AwsEnvironment): readonly EnvironmentFault[] =>
  Object.entries(workloads.invokes ?? {}).flatMap(([id, engines]) =>
    engines
      .filter((engine) => !Object.hasOwn(serving, engine))
      .map((engine) =>
        missing(
          `workloads.invokes.${id}`,
          engine,
          `an engine of serving: ${Object.keys(serving).join(', ') || 'there is none'}`,
          `state serving.${engine}, or let the declaration say that ${id} calls it in the cluster`,
        ),
      ),
  );
