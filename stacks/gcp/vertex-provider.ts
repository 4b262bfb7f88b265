import type { VertexApiOptions } from '../../constructs/gcp/vertex-api.ts';
import { VertexModelProvider } from '../../constructs/gcp/vertex-model-provider.ts';
import { VertexMonitoringProvider } from '../../constructs/gcp/vertex-monitoring-provider.ts';
import { googleAccessToken } from './google-access-token.ts';

const options: VertexApiOptions = {
  accessToken: googleAccessToken,
  // What the host prints is shown beside the resources.
  progress: (line) => console.log(line),
};

// Loaded by Pulumi's host for dynamic providers, by the path that `VertexModel` and `VertexMonitoring` are given.
export const provider = new VertexModelProvider(options);
export const monitoring = new VertexMonitoringProvider(options);
