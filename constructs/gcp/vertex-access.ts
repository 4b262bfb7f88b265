import type { Input } from '@pulumi/pulumi';

/** A network into which Vertex AI itself puts an address of the service. */
export interface ServiceConnection {
  readonly project: Input<string>;
  /** `projects/<project>/global/networks/<network>`. */
  readonly network: Input<string>;
}

/** Who reaches it through Private Service Connect. */
export interface PrivateServiceConnect {
  readonly type: 'private-service-connect';
  /** Projects that may put an address of it into their networks. */
  readonly projects: readonly [Input<string>, ...Input<string>[]];
}

/** `network`: peered by private services access, `projects/<project number>/global/networks/<network>`. */
export interface PeeredNetwork {
  readonly type: 'peered';
  readonly network: Input<string>;
}

/** Open to the internet; IAM alone says who may call. */
export interface PublicAccess {
  readonly type: 'public';
}

/** What happens in the cloud when the resource goes from the stack. */
export type VertexDeletion = 'DELETE' | 'PREVENT' | 'ABANDON';

export const connectConfig = (
  { projects }: PrivateServiceConnect,
  connections: readonly ServiceConnection[] = [],
): {
  enablePrivateServiceConnect: true;
  projectAllowlists: Input<string>[];
  pscAutomationConfigs?: { projectId: Input<string>; network: Input<string> }[];
} => ({
  enablePrivateServiceConnect: true,
  projectAllowlists: [...projects],
  ...(connections.length === 0
    ? {}
    : { pscAutomationConfigs: connections.map(({ project, network }) => ({ projectId: project, network })) }),
});
