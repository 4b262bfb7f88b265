import { Bytes } from '../units.ts';
import { CLASSES, type GpuClass, type MigClass, type MigProfile } from './classes.ts';
import { mismatch } from './mismatch.ts';

/** One way of cutting a device, and what a pod asks for and gets. */
export interface MigSlice<C extends GpuClass = GpuClass> {
  readonly profile: MigProfile<C>;
  /** What a pod asks for, where the device plugin tells slices apart (strategy `mixed`); else it is `nvidia.com/gpu`. */
  readonly resource: `nvidia.com/mig-${MigProfile<C>}`;
  /** Memory of one slice, as the profile's name states it: rounded to whole gigabytes. */
  readonly memory: Bytes;
  /** Slices of this name that one device is cut into at most. */
  readonly perDevice: number;
}

/** The slices that devices of a class can be cut into; none for one that cannot be cut. */
export function migSlices<C extends GpuClass>(gpu: C): readonly MigSlice<C>[] {
  const facts = CLASSES[gpu];
  return Object.entries<number>('mig' in facts ? facts.mig : {}).map(([name, perDevice]) => {
    const profile = name as MigProfile<C>;
    const memory = Bytes.of(Number(name.slice(name.indexOf('.') + 1, -'gb'.length)) * 1e9);
    return { profile, resource: `nvidia.com/mig-${profile}`, memory, perDevice };
  });
}

/**
 * One slice of a class.
 *
 * @throws {ModelError} `accelerator-mismatch` for what the type checker did not see
 */
export function migSlice<C extends MigClass>(gpu: C, profile: MigProfile<NoInfer<C>>): MigSlice<C> {
  const slices = migSlices(gpu);
  const found = slices.find((slice) => slice.profile === profile);
  if (found !== undefined) return found;
  throw mismatch(
    'mig',
    profile,
    gpu,
    slices.map((slice) => slice.profile),
  );
}
