import type { Topology } from '@penstock/model';
import { checkCapacity } from '../../constructs/aws/aurora-limits.ts';
import { endpointOf } from '../../constructs/aws/eks-cluster.ts';
import { retentionOf } from '../../constructs/aws/managed-prometheus.ts';
import { diskSizes } from '../../constructs/aws/msk-kind.ts';
import { type NamedKind, physicalName } from '../../constructs/aws/physical-name.ts';
import type { AwsEnvironment } from '../environments/aws-environment.ts';
import { brokerFaults } from './broker-faults.ts';
import { edgeFaults } from './edge-faults.ts';
import { EnvironmentError, type EnvironmentFault, refusalOf } from './environment-error.ts';
import { machineFaults } from './machine-faults.ts';
import { servedByCluster, servedName } from './served-engines.ts';
import { servingFaults } from './serving-faults.ts';
import { environmentName } from './stack-of.ts';
import { workloadFaults } from './workload-faults.ts';

/**
 * Reads every fact of every environment before anything is made of one.
 *
 * @throws {EnvironmentError} with all that is wrong
 */
export function checkEnvironments(topology: Topology, environments: readonly AwsEnvironment[]): void {
  const [first, ...others] = environments.flatMap((environment) =>
    environmentFaults(topology, environment).map((fault) => ({ ...fault, path: `${environment.name}.${fault.path}` })),
  );
  if (first !== undefined) throw new EnvironmentError([first, ...others]);
}

/** All that is wrong with one environment for a platform, by the paths of its facts. */
export function environmentFaults(topology: Topology, environment: AwsEnvironment): readonly EnvironmentFault[] {
  return [
    ...nameFaults(topology, environment),
    ...networkFaults(environment),
    ...machineFaults(servedByCluster(topology, environment), environment),
    ...dataFaults(topology, environment),
    ...servingFaults(topology, environment),
    ...workloadFaults(topology, environment),
    ...brokerFaults(topology, environment),
    ...edgeFaults(topology, environment),
    ...clusterFaults(environment),
    ...observabilityFaults(topology, environment),
    ...budgetFaults(environment),
  ];
}

/** Everything that has a name of its own has that of the environment in it. */
function nameFaults(topology: Topology, environment: AwsEnvironment): readonly EnvironmentFault[] {
  const name = environmentName(topology, environment);
  const { data = {}, observability, serving = {} } = environment;
  const kinds: readonly (readonly [path: string, kind: NamedKind, name: string])[] = [
    ['name', 'cluster', name],
    ...(data.kafka === undefined ? [] : ([['name', 'MSK cluster', name]] as const)),
    ...(data.database === undefined ? [] : ([['name', 'Aurora cluster', name]] as const)),
    ...(data.rabbitMq === undefined ? [] : ([['name', 'RabbitMQ broker', name]] as const)),
    ...(data.cache === undefined ? [] : ([['name', 'Valkey cache', name]] as const)),
    ...Object.keys(data.cache?.users ?? {}).map(
      (user) => [`data.cache.users.${user}`, 'Valkey user', `${name}-${user}`] as const,
    ),
    ...(observability === undefined ? [] : ([['name', 'topic', `${name}-ticket`]] as const)),
    ...Object.entries(serving).map(
      ([id, { by }]) =>
        [
          `serving.${id}`,
          by === 'bedrock' ? 'guardrail' : 'SageMaker endpoint',
          servedName(topology, environment, id),
        ] as const,
    ),
  ];
  return kinds.flatMap(([path, kind, text]) =>
    refusalOf(() => physicalName(kind, text), {
      path,
      received: text,
      repair: 'shorten the names that it is made of: of the platform, the environment, and what follows them',
    }),
  );
}

const CIDR = /^(?<first>\d{1,3})\.(?<second>\d{1,3})\.0\.0\/16$/;

function networkFaults({ region, network }: AwsEnvironment): readonly EnvironmentFault[] {
  const zones: readonly string[] = network.zones;
  const { first, second } = CIDR.exec(network.cidr)?.groups ?? {};
  return [
    ...(new Set(zones).size === 3 && zones.length === 3
      ? []
      : [
          {
            code: 'durability-unavailable',
            path: 'network.zones',
            received: zones.join(', '),
            expected: 'three zones, each once: Kafka keeps a copy in each, Express brokers too',
            repair: 'name three zones of the region',
          } as const,
        ]),
    ...zones
      .filter((zone) => !zone.startsWith(region) || !/^[a-z]$/.test(zone.slice(region.length)))
      .map((zone) => ({
        code: 'reference-missing' as const,
        path: 'network.zones',
        received: zone,
        expected: `an Availability Zone of ${region}, such as ${region}a: a control plane lies in no Local Zone`,
        repair: 'name a zone that `aws ec2 describe-availability-zones` lists for the region',
      })),
    ...(Number(first) <= 255 && Number(second) <= 255
      ? []
      : [
          {
            code: 'range-unfit',
            path: 'network.cidr',
            received: network.cidr,
            expected: 'a block of addresses such as 10.20.0.0/16',
            repair: 'write one that no network has which this one is to reach',
          } as const,
        ]),
  ];
}

function dataFaults(topology: Topology, { data = {} }: AwsEnvironment): readonly EnvironmentFault[] {
  const { kafka, cache, database } = data;
  const users = Object.entries(cache?.users ?? {});
  return [
    ...(kafka?.kind === 'provisioned'
      ? refusalOf(() => diskSizes(kafka), {
          path: 'data.kafka.storage',
          received: `${kafka.storage.initial} to ${kafka.storage.maximum}`,
          repair: 'let disks grow: they fill, and a full one stops its broker',
        })
      : []),
    ...(database?.capacity.kind === 'serverless'
      ? refusalOf(() => checkCapacity(topology.name, database.capacity), {
          path: 'data.database.capacity',
          received: `${database.capacity.minimumUnits} to ${database.capacity.maximumUnits}`,
          repair: 'write halves of units, the smaller first',
        })
      : []),
    ...(cache !== undefined && users.length === 0
      ? [
          {
            code: 'reference-missing',
            path: 'data.cache.users',
            received: 'nobody',
            expected: `who of ${topology.name} connects`,
            repair: 'name a user with the beginning of its keys, or leave the cache out',
          } as const,
        ]
      : []),
    ...users
      .filter(([, { keys }]) => keys === '')
      .map(([user]) => ({
        code: 'access-too-wide' as const,
        path: `data.cache.users.${user}.keys`,
        received: 'nothing',
        expected: 'how its keys begin: without it all of them are',
        repair: `write keys: '${user}:'`,
      })),
  ];
}

function clusterFaults({ cluster: { endpoint, compute }, network }: AwsEnvironment): readonly EnvironmentFault[] {
  const minimum = compute.mode === 'nodes' ? compute.system?.minimum : undefined;
  return [
    ...(endpoint?.kind === 'public'
      ? refusalOf(() => endpointOf(endpoint), {
          path: 'cluster.endpoint.from',
          received: endpoint.from.join(', '),
          repair: 'name the ranges of your own offices and runners alone',
        })
      : []),
    ...(minimum === undefined || minimum >= network.zones.length
      ? []
      : [
          {
            code: 'durability-unavailable',
            path: 'cluster.compute.system.minimum',
            received: String(minimum),
            expected: `one in each of ${network.zones.length} zones`,
            repair: `raise it to ${network.zones.length}, or leave it out`,
          } as const,
        ]),
  ];
}

function observabilityFaults(
  { name, objectives }: Topology,
  { observability }: AwsEnvironment,
): readonly EnvironmentFault[] {
  const days = observability?.retentionDays;
  const share = observability?.traces?.indexedPercentage ?? 0;
  return [
    ...refusalOf(() => retentionOf(name, objectives, days), {
      path: 'observability.retentionDays',
      received: String(days),
      repair: 'keep samples for longer than the longest objective looks back',
    }),
    ...(share >= 0 && share <= 100
      ? []
      : [
          {
            code: 'quantity-malformed',
            path: 'observability.traces.indexedPercentage',
            received: String(share),
            expected: 'a share of the traces, from 0 to 100',
            repair: 'write how many of a hundred are found by their summary',
          } as const,
        ]),
  ];
}

function budgetFaults({ budget, cluster, observability }: AwsEnvironment): readonly EnvironmentFault[] {
  const mails: readonly (readonly [path: string, addresses: readonly string[]])[] = [
    ['budget.emails', budget.emails],
    ['observability.emails.page', observability?.emails.page ?? ['@']],
    ['observability.emails.ticket', observability?.emails.ticket ?? ['@']],
  ];
  return [
    ...(budget.monthlyUsd > 0
      ? []
      : [
          {
            code: 'quantity-malformed',
            path: 'budget.monthlyUsd',
            received: String(budget.monthlyUsd),
            expected: 'what a month may cost, in dollars, above nothing',
            repair: 'write what somebody agreed to',
          } as const,
        ]),
    ...mails
      .filter(([, addresses]) => addresses.length === 0 || addresses.some((address) => !address.includes('@')))
      .map(([path, addresses]) => ({
        code: 'reference-missing' as const,
        path,
        received: addresses.join(', '),
        expected: 'addresses of people: what nobody hears is no warning',
        repair: 'write one at least',
      })),
    ...(cluster.adminRoles.length > 0 && cluster.adminRoles.every((role) => /^[\w+=,.@/-]+$/.test(role))
      ? []
      : [
          {
            code: 'name-malformed',
            path: 'cluster.adminRoles',
            received: cluster.adminRoles.join(', '),
            expected: 'names of roles in the account, without their ARN',
            repair: 'name the role that may do everything in the cluster',
          } as const,
        ]),
  ];
}
