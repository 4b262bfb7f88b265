import type { Topology } from '@penstock/model';
import type { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { Binding } from '../binding.ts';
import { emit, emitForCluster, type Override } from './api-object.ts';
import { platformMetadata } from './labels.ts';
import { Weights } from './weights.ts';

export interface WeightsBucketProps {
  readonly topology: Topology;
  readonly namespace: string;
  readonly bucket: Binding<string>;
  readonly overrides?: { readonly volume?: Override; readonly claim?: Override };
}

/** A bucket has no size; the API asks for one, and a claim for no more than its volume has. */
const SIZE = '1Ti';

/**
 * A bucket of Amazon S3 as a volume that every engine of a namespace reads, by Mountpoint's CSI driver. Each pod reads it
 * by the rights of its own account.
 */
export class WeightsBucket extends Construct {
  readonly nodes: { readonly volume: ApiObject; readonly claim: ApiObject };
  readonly weights: Weights;

  constructor(scope: Construct, id: string, props: WeightsBucketProps) {
    super(scope, id);
    const { topology, namespace, bucket, overrides } = props;
    const name = `${topology.name}-weights`;
    // A volume belongs to the cluster: its name says of which namespace it is.
    const volumeName = `${namespace}-${name}`;
    const common = { accessModes: ['ReadOnlyMany'], storageClassName: '' };
    this.nodes = {
      volume: emitForCluster(
        this,
        'volume',
        {
          apiVersion: 'v1',
          kind: 'PersistentVolume',
          metadata: platformMetadata(topology, volumeName),
          spec: {
            ...common,
            capacity: { storage: SIZE },
            claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name },
            persistentVolumeReclaimPolicy: 'Retain',
            // The pods run as a user of their own, the driver as another.
            mountOptions: ['read-only', 'allow-other'],
            csi: {
              driver: 's3.csi.aws.com',
              volumeHandle: volumeName,
              volumeAttributes: { bucketName: bucket.lower(), authenticationSource: 'pod' },
            },
          },
        },
        overrides?.volume,
      ),
      claim: emit(
        this,
        'claim',
        {
          apiVersion: 'v1',
          kind: 'PersistentVolumeClaim',
          metadata: { ...platformMetadata(topology, name), namespace },
          spec: { ...common, resources: { requests: { storage: SIZE } }, volumeName },
        },
        overrides?.claim,
      ),
    };
    this.weights = Weights.volume(Binding.of(name));
  }
}
