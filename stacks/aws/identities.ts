import type { ResolvedTopic, Topology } from '@penstock/model';
import { ArnFormat, type Stack } from 'aws-cdk-lib';
import { ADDONS } from '../../charts/addons.ts';
import type { EksCluster } from '../../constructs/aws/eks-cluster.ts';
import { PublishedBindings } from '../../constructs/aws/published-bindings.ts';
import { WorkloadGrant } from '../../constructs/aws/workload-grant.ts';
import { WorkloadIdentity } from '../../constructs/aws/workload-identity.ts';
import type { AwsEnvironment } from '../environments/aws-environment.ts';
import { invocationGrants } from './invocations.ts';
import { brokerIn, secretOf } from './platform-in-cluster.ts';
import { telemetryAccess } from './prometheus-in-cluster.ts';
import { askersIn } from './served-engines.ts';
import { addressPrefix, environmentName } from './stack-of.ts';

/** Account of whoever reads a topic as one consumer group: its name with hyphens. */
export const consumerAccount = (group: string): string => group.replaceAll('.', '-');

/** What in the cluster calls AWS, and what it may do there. Pods that take from queues in the cluster may do nothing. */
export function identitiesOf(
  stack: Stack,
  topology: Topology,
  environment: AwsEnvironment,
  cluster: EksCluster,
): readonly WorkloadIdentity[] {
  const [first, ...others] = [
    ...secretKeys(environment).map((key) => WorkloadGrant.readSecret({ secretArn: secretNamed(stack, key) })),
    ...secretsOfData(stack, topology, environment),
  ];
  const operator =
    first === undefined
      ? []
      : [
          new WorkloadIdentity(stack, 'Secrets', {
            cluster,
            namespace: ADDONS['external-secrets'].namespace,
            serviceAccount: 'external-secrets',
            grants: [first, ...others],
          }),
        ];
  const observers =
    environment.observability === undefined
      ? []
      : Object.values(telemetryAccess(stack, topology, environment, cluster).nodes).filter(
          (node) => node !== undefined,
        );
  return [
    ...operator,
    ...observers,
    ...consumersOf(stack, topology, environment, cluster),
    ...usersOf(stack, topology, environment, cluster),
  ];
}

/** Of each group that reads a topic of MSK: that topic, that group, and where it puts what it gives up. */
function consumersOf(
  stack: Stack,
  topology: Topology,
  environment: AwsEnvironment,
  cluster: EksCluster,
): readonly WorkloadIdentity[] {
  const topics = Object.values<ResolvedTopic>(topology.topics);
  if (environment.data?.kafka === undefined || topics.length === 0) return [];
  const kafka = PublishedBindings.read(stack, addressPrefix(topology, environment), 'kafka-arn');
  return topics.flatMap(({ name, consumers }) =>
    consumers.map(
      ({ group, deadLetterTopic }) =>
        new WorkloadIdentity(stack, `Consumer-${consumerAccount(group)}`, {
          cluster,
          namespace: environment.workloads.namespace,
          serviceAccount: consumerAccount(group),
          grants: [
            WorkloadGrant.consumeTopic({ cluster: kafka, topic: name, group }),
            WorkloadGrant.produceTopic({ cluster: kafka, topic: deadLetterTopic }),
          ],
        }),
    ),
  );
}

/** Each workload that connects as a user of a store or asks engines that Amazon serves, and nothing else. */
function usersOf(
  stack: Stack,
  topology: Topology,
  environment: AwsEnvironment,
  cluster: EksCluster,
): readonly WorkloadIdentity[] {
  const { users = {}, namespace } = environment.workloads;
  const named = environmentName(topology, environment);
  const { workers, httpServices, schedules, migrations } = topology;
  const accounts: Readonly<Record<string, { readonly name: string }>> = {
    ...workers,
    ...httpServices,
    ...schedules,
    ...migrations,
  };
  return [...new Set([...Object.keys(users), ...askersIn(topology, environment)])].flatMap((id) => {
    const { cache, database } = users[id] ?? {};
    const serviceAccount = accounts[id]?.name;
    const [first, ...others] = [
      ...(cache === undefined ? [] : [cacheUser(stack, environment, named, cache)]),
      ...(database === undefined ? [] : [databaseUser(stack, topology, environment, database)]),
      ...invocationGrants(stack, topology, environment, id),
    ];
    if (first === undefined || serviceAccount === undefined) return [];
    const grants = [first, ...others] as const;
    return [new WorkloadIdentity(stack, `User-${id}`, { cluster, namespace, serviceAccount, grants })];
  });
}

function cacheUser(stack: Stack, { data }: AwsEnvironment, named: string, user: string): WorkloadGrant {
  const arn = (resource: string, resourceName: string): string =>
    stack.formatArn({ service: 'elasticache', resource, resourceName, arnFormat: ArnFormat.COLON_RESOURCE_NAME });
  return WorkloadGrant.connectCache({
    cache: arn(data?.cache?.kind.kind === 'serverless' ? 'serverlesscache' : 'replicationgroup', named),
    user: arn('user', `${named}-${user}`),
  });
}

function databaseUser(stack: Stack, topology: Topology, environment: AwsEnvironment, user: string): WorkloadGrant {
  const resource = PublishedBindings.read(stack, addressPrefix(topology, environment), 'database-resource').lower();
  return WorkloadGrant.connectDatabase(
    stack.formatArn({
      service: 'rds-db',
      resource: 'dbuser',
      resourceName: `${resource}/${user}`,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    }),
  );
}

/** Those that AWS made and some workload reads, with the key that they are encrypted by. */
function secretsOfData(stack: Stack, topology: Topology, environment: AwsEnvironment): readonly WorkloadGrant[] {
  const names = Object.values(environment.workloads.reads ?? {}).flatMap((files) => Object.values(files));
  const read = (name: string): string =>
    PublishedBindings.read(stack, addressPrefix(topology, environment), name).lower();
  return [...new Set(names.map(secretOf))]
    .toSorted()
    .map((name) => WorkloadGrant.readSecret({ secretArn: read(name), encryptionKey: { keyArn: read('data-key') } }));
}

/** Every secret that the platform's objects name, by its name in the store. */
function secretKeys({ workloads }: AwsEnvironment): readonly string[] {
  const broker = brokerIn(workloads);
  if (broker === undefined) return [];
  const { secrets, operator, clients } = broker;
  const authority = workloads.authorityKey === undefined ? [] : [workloads.authorityKey];
  const seeds = [operator, ...Object.values(clients)].map(({ seed }) => seed);
  return [...new Set([secrets.authority, ...authority, ...seeds])].toSorted();
}

/** Secrets Manager adds six characters of its own to every name. */
const secretNamed = (stack: Stack, name: string): string =>
  stack.formatArn({
    service: 'secretsmanager',
    resource: 'secret',
    resourceName: `${name}-??????`,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
