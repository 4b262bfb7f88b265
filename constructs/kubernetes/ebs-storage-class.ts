import type { ApiObject } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { emitForCluster, type Override } from './api-object.ts';
import { clusterMetadata } from './labels.ts';

export interface EbsStorageClassProps {
  readonly name: string;
  /** The driver that the cluster's own add-on brings, or that of EKS Auto Mode. */
  readonly driver: 'add-on' | 'auto-mode';
  readonly overrides?: { readonly storageClass?: Override };
}

const PROVISIONERS = { 'add-on': 'ebs.csi.aws.com', 'auto-mode': 'ebs.csi.eks.amazonaws.com' } as const;

/** Encrypted disks of Amazon EBS, made in the zone of the pod that wants one. */
export class EbsStorageClass extends Construct {
  readonly nodes: { readonly storageClass: ApiObject };

  constructor(scope: Construct, id: string, { name, driver, overrides }: EbsStorageClassProps) {
    super(scope, id);
    this.nodes = {
      storageClass: emitForCluster(
        this,
        'storage-class',
        k8s.KubeStorageClass.manifest({
          metadata: clusterMetadata(name, 'storage'),
          provisioner: PROVISIONERS[driver],
          parameters: { type: 'gp3', encrypted: 'true' },
          // What lies on it outlives the claim: a claim goes with a namespace, and nobody asks twice.
          reclaimPolicy: 'Retain',
          volumeBindingMode: 'WaitForFirstConsumer',
          allowVolumeExpansion: true,
        }),
        overrides?.storageClass,
      ),
    };
  }
}
