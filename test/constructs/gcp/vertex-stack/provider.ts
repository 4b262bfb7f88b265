import { Duration } from '@penstock/model';
import type { VertexApiOptions } from '../../../../constructs/gcp/vertex-api.ts';
import { VertexModelProvider } from '../../../../constructs/gcp/vertex-model-provider.ts';
import { VertexMonitoringProvider } from '../../../../constructs/gcp/vertex-monitoring-provider.ts';
import { TOKEN } from '../../../helpers/vertex-peer.ts';

/** Against the stand-in whose address is in VERTEX_PEER, and without its pauses. */
const options: VertexApiOptions = {
  accessToken: async () => TOKEN,
  address: () => process.env['VERTEX_PEER'] ?? '',
  progress: (line) => console.log(line),
  sleep: () => new Promise((resolve) => setTimeout(resolve, 5)),
  patience: Duration.parse('1 hour'),
};
export const provider = new VertexModelProvider(options);
export const monitoring = new VertexMonitoringProvider(options);
