import type { ResolvedTopic, Topology } from '@penstock/model';
import { ArnFormat, type Stack } from 'aws-cdk-lib';
import { ADDONS } from '../../charts/addons.ts';
import type { EksCluster } from '../../constructs/aws/eks-cluster.ts';
import { PublishedBindings } from '../../constructs/aws/published-bindings.ts';
import { WorkloadGrant } from '../../constructs/aws/workload-grant.ts';
import { WorkloadIdentity } from '../../constructs/aws/workload-identity.ts';
import type { AwsEnvironment } from '../environments/aws-environment.ts';
import { brokerIn } from './platform-in-cluster.ts';
import { prometheusAccess } from './prometheus-in-cluster.ts';
import { addressPrefix } from './stack-of.ts';

/** Account of whoever reads a topic as one consumer group: its name with hyphens. */
export const consumerAccount = (group: string): string => group.replaceAll('.', '-');

/** What in the cluster calls AWS, and what it may do there. Pods that take from queues in the cluster may do nothing. */
export function identitiesOf(
  stack: Stack,
  topology: Topology,
  environment: AwsEnvironment,
  cluster: EksCluster,
): readonly WorkloadIdentity[] {
  const secrets = secretKeys(environment);
  const [first, ...others] = secrets.map((key) => WorkloadGrant.readSecret({ secretArn: secretNamed(stack, key) }));
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
      : [prometheusAccess(stack, topology, environment, cluster).nodes.metrics];
  return [...operator, ...observers, ...consumersOf(stack, topology, environment, cluster)];
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
