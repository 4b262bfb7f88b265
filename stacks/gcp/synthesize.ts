import type { Topology } from '@penstock/model';
import { runtime } from '@pulumi/pulumi';
import { platformProgram } from './platform-program.ts';

/** A resource as the program asks for it. */
export interface RequestedResource {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** Where it would be is the operator's to say; what is asked for is the same everywhere. */
const ANY_REGION = 'europe-west4';

/**
 * What the program asks Pulumi for, in the order it asks. Neither an engine nor the cloud sees it: what only they can
 * refuse (a diff, a value's range, a quota) shows in `pulumi preview`.
 */
export async function synthesizeGcp(topology: Topology): Promise<readonly RequestedResource[]> {
  const requested: RequestedResource[] = [];
  await runtime.setMocks(
    {
      newResource({ type, name, inputs }) {
        requested.push({ type, name, inputs });
        return { id: name, state: inputs };
      },
      call: ({ inputs }) => inputs,
    },
    topology.name,
    'synthesized',
    true,
  );
  platformProgram(topology, ANY_REGION);
  await runtime.disconnect();
  return requested;
}
