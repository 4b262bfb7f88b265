import { VertexModelProvider } from '../../constructs/gcp/vertex-model-provider.ts';
import { googleAccessToken } from './google-access-token.ts';

/** Loaded by Pulumi's host for dynamic providers, by the path that `VertexModel` is given. */
export const provider = new VertexModelProvider({
  accessToken: googleAccessToken,
  // What the host prints is shown beside the resources.
  progress: (line) => console.log(line),
});
