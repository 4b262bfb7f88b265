import { compute, container, kms, serviceaccount } from '@pulumi/gcp';
import { GpuNodePool } from '../../constructs/gcp/gpu-node-pool.ts';
import { VertexEndpoint } from '../../constructs/gcp/vertex-endpoint.ts';

/** A program that was there before, with a network and a cluster of its own: GPUs and an endpoint come to it. */
const location = 'europe-west4';
const ring = new kms.KeyRing('shop', { location });
const disks = new kms.CryptoKey('disks', { keyRing: ring.id, rotationPeriod: '7776000s' });
const account = new serviceaccount.Account('nodes', { accountId: 'shop-nodes' });
const network = new compute.Network('shop', { autoCreateSubnetworks: false });
const subnet = new compute.Subnetwork('shop', { network: network.id, region: location, ipCidrRange: '10.8.0.0/20' });
const place = { network: network.id, subnetwork: subnet.id };
const cluster = new container.Cluster('shop', { location, ...place, initialNodeCount: 1 });

const pool = new GpuNodePool('inference', {
  cluster: {
    name: cluster.name,
    location,
    node: { serviceAccount: account.email, bootDiskKmsKey: disks.id },
    before: [cluster],
  },
  gpu: 'l4',
  capacity: { type: 'spot', machine: 'g2-standard-12', zones: ['europe-west4-a'], size: { max: 4 } },
});
const endpoint = new VertexEndpoint('ranker', {
  displayName: 'ranker',
  location,
  access: { type: 'private-service-connect', projects: ['shop-prod'] },
});

export const poolName = pool.name;
export const ranker = endpoint.resource;
