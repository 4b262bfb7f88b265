import { runtime } from '@pulumi/pulumi';

/** A resource as a program asks for it. */
export interface RequestedResource {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

/**
 * What a program asks Pulumi for, in the order it asks. Neither an engine nor the cloud sees it: what only they can
 * refuse (a diff, a value's range, a quota) shows in `pulumi preview`.
 */
export async function requestedBy(project: string, program: () => void): Promise<readonly RequestedResource[]> {
  const requested: RequestedResource[] = [];
  await runtime.setMocks(
    {
      newResource({ type, name, inputs }) {
        requested.push({ type, name, inputs });
        return { id: name, state: { ...answered(name, inputs), ...inputs, ...ANSWERS[type]?.(inputs) } };
      },
      call: ({ inputs }) => inputs,
    },
    project,
    'synthesized',
    false,
  );
  try {
    program();
  } finally {
    // Also of a program that stops half-way: what it asked for is still being answered, and would answer the next one.
    await runtime.disconnect();
  }
  return requested;
}

type Inputs = Readonly<Record<string, unknown>>;

/** Where a program looks inside of an answer. */
const ANSWERS: Readonly<Record<string, (inputs: Inputs) => Inputs>> = {
  'gcp:sql/databaseInstance:DatabaseInstance': () => ({ privateIpAddress: '10.0.0.2' }),
  'gcp:memorystore/instance:Instance': () => {
    const pscAutoConnection = { connectionType: 'CONNECTION_TYPE_DISCOVERY', ipAddress: '10.0.0.3' };
    return { endpoints: [{ connections: [{ pscAutoConnection }] }] };
  },
  'gcp:container/cluster:Cluster': ({ masterAuth }) => ({
    endpoint: '10.0.0.4',
    masterAuth: { ...(masterAuth as object), clusterCaCertificate: 'c3ludGhlc2l6ZWQ=' },
  }),
  'gcp:artifactregistry/repository:Repository': ({ repositoryId }) => ({
    registryUri: `registry.example.com/synthesized/${repositoryId}`,
  }),
  'pulumi-nodejs:dynamic/penstock:VertexModel': () => ({
    serviceAttachment: 'projects/synthesized-tp/regions/synthesized/serviceAttachments/synthesized',
  }),
  'gcp:compute/address:Address': () => ({ address: '10.0.0.5' }),
  'pulumi:pulumi:StackReference': () => ({
    outputs: {
      registry: 'registry.example.com/synthesized',
      bucket: 'synthesized-weights',
      project: 'synthesized',
      location: 'synthesized',
      repository: 'synthesized',
    },
  }),
};

/** What the cloud would have answered and others are given: recognisable, and the same every time. */
function answered(name: string, { accountId }: Inputs): Inputs {
  const email = `${accountId}@synthesized.iam.gserviceaccount.com`;
  return {
    name,
    selfLink: name,
    ...(typeof accountId === 'string' ? { email, member: `serviceAccount:${email}` } : {}),
  };
}
