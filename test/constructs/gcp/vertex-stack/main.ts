import { Network } from '../../../../constructs/gcp/network.ts';
import { VertexConnections } from '../../../../constructs/gcp/vertex-connections.ts';
import { VertexEndpoint } from '../../../../constructs/gcp/vertex-endpoint.ts';
import { VertexModel } from '../../../../constructs/gcp/vertex-model.ts';
import { VertexMonitoring } from '../../../../constructs/gcp/vertex-monitoring.ts';
import { ENDPOINT } from '../../../helpers/vertex-peer.ts';
import { NETWORK, PROJECT } from '../platform-parts.ts';

// What a test changes from run to run.
const { IMAGE = 'server:1.0.0', MOST = '2', NAME = 'edge', FORMERLY, PROTECT, WATCHED, CONNECTED } = process.env;

const protect = PROTECT === 'yes';

// The stand-in knows one endpoint, by its full name; the other shows what the provider of Google Cloud is asked.
const endpoint = new VertexEndpoint(
  NAME,
  { displayName: 'edge', location: 'europe-west4', access: { type: 'public' } },
  { protect, ...(FORMERLY === undefined ? {} : { aliases: [{ name: FORMERLY }] }) },
);
const model = new VertexModel(
  'chat',
  {
    project: 'shop',
    location: 'europe-west4',
    endpoint: ENDPOINT,
    container: { image: IMAGE, port: 8080, predictRoute: '/predict', healthRoute: '/health' },
    resources: { machine: { gpu: 'l4', machine: 'g2-standard-12' }, replicas: { min: 1, max: Number(MOST) } },
    provider: 'provider.ts',
  },
  { protect },
);
if (WATCHED === 'yes')
  new VertexMonitoring('chat', {
    project: 'shop',
    location: 'europe-west4',
    endpoint: ENDPOINT,
    models: { chat: { model, drift: { age: '30%' } } },
    every: '1 hour',
    sampled: '10%',
    told: [{ email: 'models@example.com' }],
    provider: 'provider.ts',
  });
if (CONNECTED === 'yes')
  new VertexConnections('ways', {
    project: PROJECT,
    network: new Network('net', NETWORK),
    endpoints: { chat: { endpoint, serviceAttachment: model.serviceAttachment } },
  });
