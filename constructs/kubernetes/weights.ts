import type { Bytes, ResolvedInferenceEngine } from '@penstock/model';
import type { Binding } from '../binding.ts';
import type { ImageReference } from './image.ts';
import { byteQuantity } from './lowering.ts';
import type { Mount } from './pod-template.ts';

type Model = ResolvedInferenceEngine['model'];

/** Where servers find their model, whichever way it got there. */
export const MODEL_FOLDER = '/var/lib/penstock/model';

/** What a pod needs to have the files of a model at its declared revision. */
export interface WeightsMount {
  readonly mount: Mount;
  /** Of the pod: some drivers are told by them that a pod has their volumes. */
  readonly annotations: Readonly<Record<string, string>>;
}

/**
 * Where the files of a model are kept. All of them are read-only for the pod and lead to the revision that was declared:
 * an image by its tag, the others by a folder `<model>/<revision>`, so that no two replicas answer with other weights.
 */
export class Weights {
  readonly #mountOf: (model: Model) => WeightsMount;

  private constructor(mountOf: (model: Model) => WeightsMount) {
    this.#mountOf = mountOf;
  }

  /**
   * An image that holds nothing but the files of the model. The node keeps it like any image: a second pod on it starts
   * without a download. Needs Kubernetes 1.35 (image volumes).
   */
  static image(image: ImageReference): Weights {
    return new Weights(() => ({
      mount: mounted({ image: { reference: image.text, pullPolicy: 'IfNotPresent' } }),
      annotations: {},
    }));
  }

  /** A volume that many nodes can read at once, filled before. */
  static volume(claim: Binding<string>): Weights {
    return new Weights((model) => ({
      mount: {
        ...mounted({ persistentVolumeClaim: { claimName: claim.lower(), readOnly: true } }),
        subPath: folderOf(model),
      },
      annotations: {},
    }));
  }

  /**
   * A bucket of Google Cloud through the Cloud Storage FUSE driver of GKE; the account of the pod has to be allowed to
   * read it. `cache` is what the driver may keep of it on the disk of the node.
   */
  static cloudStorage(bucket: Binding<string>, cache: Bytes): Weights {
    return new Weights((model) => ({
      mount: mounted({
        csi: {
          driver: 'gcsfuse.csi.storage.gke.io',
          readOnly: true,
          volumeAttributes: {
            bucketName: bucket.lower(),
            // Weights of a revision never change: what is known of them stays known, and large files come in parts at once.
            mountOptions: [
              'implicit-dirs',
              `only-dir=${folderOf(model)}`,
              'metadata-cache:ttl-secs:-1',
              'file-cache:max-size-mb:-1',
              'file-cache:cache-file-for-range-read:true',
              'file-cache:enable-parallel-downloads:true',
              'file-system:kernel-list-cache-ttl-secs:-1',
            ].join(','),
          },
        },
      }),
      annotations: { 'gke-gcsfuse/volumes': 'true', 'gke-gcsfuse/ephemeral-storage-limit': byteQuantity(cache) },
    }));
  }

  for(model: Model): WeightsMount {
    return this.#mountOf(model);
  }
}

const mounted = (source: Mount['source']): Mount => ({ name: 'model', path: MODEL_FOLDER, readOnly: true, source });

const folderOf = ({ id, revision }: Model): string => `${id}/${revision}`;
