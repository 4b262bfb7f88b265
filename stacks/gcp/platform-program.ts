import type { Topology } from '@penstock/model';
import { ArtifactStore } from '../../constructs/gcp/artifact-store.ts';

/** Everything a platform has on Google Cloud. `location`: the region, e.g. `europe-west4`. */
export function platformProgram(topology: Topology, location: string): ArtifactStore {
  return new ArtifactStore(topology.name, { topology, location });
}
