import type { SpecReader } from './spec-reader.ts';
import { Bytes, type BytesInput } from './units.ts';

/** What one replica needs. Memory is both request and limit, so that a replica is never evicted for another's sake. */
export interface ResourcesSpec {
  /** Cores requested; there is no limit on them, since throttling makes p99 unpredictable. @default 0.5 */
  readonly cpu?: number;
  /** @default '512 MiB' */
  readonly memory?: BytesInput;
  /** Scratch space on the node. @default '1 GiB' */
  readonly ephemeralStorage?: BytesInput;
}

export interface ResolvedResources {
  readonly cpu: number;
  readonly memory: Bytes;
  readonly ephemeralStorage: Bytes;
}

export function readResources(reader: SpecReader): ResolvedResources | undefined {
  return reader.complete<ResolvedResources>({
    cpu: reader.amountOr('cpu', 0.5),
    memory: reader.unitOr('memory', Bytes, '512 MiB'),
    ephemeralStorage: reader.unitOr('ephemeralStorage', Bytes, '1 GiB'),
  });
}
