import type { Bytes } from '@penstock/model';
import type { ApiObject } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { Binding } from '../binding.ts';
import { emit, type Override } from './api-object.ts';
import { byteQuantity, quantity } from './lowering.ts';
import type { Mount } from './pod-template.ts';
import { metadataOf, type Workload, type WorkloadContext } from './workload.ts';

export interface EffectVolumeProps {
  readonly context: WorkloadContext<Workload>;
  readonly size: Bytes;
  /** A class of block storage. SQLite's locks do not hold on network file systems. */
  readonly storageClass: string;
  readonly overrides?: { readonly claim?: Override };
}

const FOLDER = '/var/lib/penstock';

/**
 * The effects of one worker: a SQLite file on a volume that all its replicas mount. An effect is applied once only if
 * every replica sees the same keys, so the file is one for all; and a block volume is mounted by one node at a time, so
 * the replicas run on one node (docs/adr/0004). The claim outlives every pod and is kept when the worker is deleted.
 */
export class EffectVolume extends Construct {
  readonly nodes: { readonly claim: ApiObject };
  readonly mount: Mount;
  /** The value of PENSTOCK_EFFECTS. */
  readonly address: Binding<string> = Binding.of(`sqlite:${FOLDER}/effects.db`);

  constructor(scope: Construct, id: string, props: EffectVolumeProps) {
    super(scope, id);
    const metadata = metadataOf(props.context, '-effects');
    const claim = k8s.KubePersistentVolumeClaim.manifest({
      metadata,
      spec: {
        accessModes: ['ReadWriteOnce'],
        storageClassName: props.storageClass,
        resources: { requests: { storage: quantity(byteQuantity(props.size)) } },
      },
    });
    this.nodes = { claim: emit(this, 'claim', claim, props.overrides?.claim) };
    this.mount = {
      name: 'effects',
      path: FOLDER,
      readOnly: false,
      source: { persistentVolumeClaim: { claimName: metadata.name } },
    };
  }
}
