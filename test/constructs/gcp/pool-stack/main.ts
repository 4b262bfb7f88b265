import { GpuNodePool } from '../../../../constructs/gcp/gpu-node-pool.ts';

// What a test changes from run to run.
const { DRIVER } = process.env;

new GpuNodePool('chat', {
  cluster: { name: 'shop', location: 'europe-west4', node: { serviceAccount: 'nodes@x', bootDiskKmsKey: 'disks' } },
  gpu: 'l4',
  driver: DRIVER === 'latest' ? 'latest' : 'default',
  capacity: { type: 'spot', machine: 'g2-standard-12', zones: ['europe-west4-a'], size: { max: 4 } },
});
