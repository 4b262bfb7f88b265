import { declareHttpService, defineTopology } from '@penstock/model';
import { App, Stack } from 'aws-cdk-lib';
import { SecurityGroup, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Cluster, KubectlProvider } from 'aws-cdk-lib/aws-eks-v2';
import { Chart, App as Kubernetes } from 'cdk8s';
import { ClusterManifests, eksManifests } from '../../constructs/aws/cluster-manifests.ts';
import { ExistingNetwork } from '../../constructs/aws/cluster-network.ts';
import { DataKey } from '../../constructs/aws/data-key.ts';
import { GpuNodePool } from '../../constructs/aws/gpu-node-pool.ts';
import { MskCluster } from '../../constructs/aws/msk-cluster.ts';
import { HttpService, ImageReference } from '../../constructs/kubernetes/index.ts';

const requests = { arrivalRate: '100/s', requestsAtOnce: 12, doneWithin: '2 seconds' } as const;
const grows = { limitedBy: 'cpu', peakWithin: '20 minutes' } as const;
const requestTime = { mean: '40 milliseconds', p99: '300 milliseconds' } as const;
const service = declareHttpService({ name: 'search-api', calls: [], publishes: {} });
const topology = defineTopology({
  name: 'search',
  queues: {},
  workers: {},
  topics: { clicks: { arrivalRate: '200/s', consumers: { rank: { workTime: requestTime } } } },
  httpServices: { api: { service, ...requests, ...grows, requestTime } },
});
const zones = ['eu-central-1a', 'eu-central-1b', 'eu-central-1c'];
const there = {
  vpc: {
    vpcId: 'vpc-0f1e2d3c',
    availabilityZones: zones,
    privateSubnetIds: ['subnet-0a0a0a0a', 'subnet-0b0b0b0b', 'subnet-0c0c0c0c'],
  },
  kubectl: { serviceToken: 'arn:aws:lambda:eu-central-1:123456789012:function:research-kubectl' },
};

/** An app of a team whose network and cluster are there already: GPUs, Kafka and an API that knows its brokers join them. */
export function awsForeignApp(): Stack {
  const stack = new Stack(new App(), 'search', { env: { region: 'eu-central-1', account: '123456789012' } });
  const vpc = Vpc.fromVpcAttributes(stack, 'Vpc', there.vpc);
  const network = new ExistingNetwork(stack, 'Network', {
    vpc,
    nodeSubnets: vpc.privateSubnets,
    nodeSecurityGroup: SecurityGroup.fromSecurityGroupId(stack, 'Nodes', 'sg-0a1b2c3d'),
    discovery: 'research',
  });
  new GpuNodePool(stack, 'Gpus', {
    cluster: { name: 'research', mode: 'nodes', network },
    name: 'search-l4',
    gpu: 'l4',
    capacity: { type: 'spot', machines: ['g6.xlarge', 'g6.2xlarge'] },
    maximum: 8,
  });
  const { key } = new DataKey(stack, 'Key', { description: 'Data of search' });
  const kind = { kind: 'express', version: '4.2.x.kraft', instance: 'express.m7g.large' } as const;
  const kafka = new MskCluster(stack, 'Kafka', { topology, name: 'search', network, key, kind });
  const chart = new Chart(new Kubernetes(), 'search', { namespace: 'search' });
  const image = ImageReference.parse('registry.example.com/search/api:1.4.2');
  const context = { topology, workload: topology.httpServices.api, image };
  new HttpService(chart, 'api', { context, namespace: 'search', addresses: { PENSTOCK_KAFKA: kafka.bootstrap } });
  const kubectlProvider = KubectlProvider.fromKubectlProviderAttributes(stack, 'Kubectl', there.kubectl);
  const cluster = Cluster.fromClusterAttributes(stack, 'Cluster', { clusterName: 'research', kubectlProvider });
  new ClusterManifests(stack, 'Objects', { target: eksManifests(cluster), manifests: chart.toJson() });
  return stack;
}
