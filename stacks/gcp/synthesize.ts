import type { Topology } from '@penstock/model';
import { platformProgram } from './platform-program.ts';
import { type RequestedResource, requestedBy } from './requested-resources.ts';

/** Where it would be is the operator's to say; what is asked for is the same everywhere. */
const ANY_REGION = 'europe-west4';

/** What the program asks Pulumi for, in the order it asks. */
export const synthesizeGcp = (topology: Topology): Promise<readonly RequestedResource[]> =>
  requestedBy(topology.name, () => {
    platformProgram(topology, ANY_REGION);
  });
