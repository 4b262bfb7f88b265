import { specOf } from '../manifest.ts';
import { kindPolicy } from '../policy.ts';

interface VolumeSpec {
  readonly mountOptions: readonly string[];
  readonly csi: { readonly driver?: string; readonly volumeAttributes?: Readonly<Record<string, string>> };
}

/** Rules 10 and 49, for a bucket that looks like a volume. */
export const bucketVolumeLeast = kindPolicy(
  {
    id: 'bucket-volume-least',
    rules: [10, 49],
    source: 'EKS Best Practices (identity), Mountpoint for Amazon S3 CSI driver documentation',
    reason:
      'through a driver with rights of its own every pod that mounts a volume reads, and writes, what only one may',
  },
  ['PersistentVolume'],
  (manifest) => {
    const { csi, mountOptions = [] } = specOf<VolumeSpec>(manifest);
    if (csi?.driver !== 's3.csi.aws.com') return [];
    return [
      csi.volumeAttributes?.['authenticationSource'] !== 'pod' &&
        'is read by the rights of the driver, expected those of the pod (authenticationSource)',
      !mountOptions.includes('read-only') && 'can be written: what one replica changes, all others serve',
    ];
  },
);
