import { VectorSearch, type VectorSearchArgs } from '../../../constructs/gcp/vector-search.ts';
import { VertexEndpoint } from '../../../constructs/gcp/vertex-endpoint.ts';
import { ModelGardenDeployment, type ModelGardenDeploymentArgs } from '../../../constructs/gcp/vertex-model-garden.ts';
import { VertexMonitoring, type VertexMonitoringArgs } from '../../../constructs/gcp/vertex-monitoring.ts';

// Compiled by types.test.ts and never run: each line below an @ts-expect-error must not compile.

const garden = {
  location: 'europe-west4',
  model: { huggingFace: 'google/gemma-2-2b-it' },
  licenceAccepted: true,
  machine: { gpu: 'l4', machine: 'g2-standard-12' },
  replicas: { min: 1, max: 2 },
} as const satisfies ModelGardenDeploymentArgs;
declare const search: VectorSearchArgs;
declare const monitoring: VertexMonitoringArgs;
const duty = { acceleratorDutyCycle: '50%' } as const;
const shards = { size: 'large', machine: 'e2-highmem-16', replicas: { min: 2, max: 2 } } as const;
const endpoint = { displayName: 'edge', location: 'europe-west4' } as const;

new ModelGardenDeployment('legal', garden);
// @ts-expect-error a deployment that sleeps
new ModelGardenDeployment('sleeps', { ...garden, replicas: { min: 0, max: 2 } });
// @ts-expect-error a machine whose devices are of another class
new ModelGardenDeployment('class', { ...garden, machine: { gpu: 'h100', machine: 'g2-standard-12' } });
// @ts-expect-error a class that Google Cloud does not rent
new ModelGardenDeployment('cloud', { ...garden, machine: { gpu: 'a10g', machine: 'g5.xlarge' } });
// @ts-expect-error a slice of a device
new ModelGardenDeployment('slice', { ...garden, machine: { gpu: 'h100', machine: 'a3-highgpu-8g', mig: '1g.10gb' } });
// @ts-expect-error a metric that Vertex AI does not scale by
new ModelGardenDeployment('metric', { ...garden, machine: { ...garden.machine, scaleAt: { queueLength: '50%' } } });
// @ts-expect-error a duty cycle of no device
new ModelGardenDeployment('duty', { ...garden, machine: { machine: 'e2-standard-4', scaleAt: duty } });
// @ts-expect-error a token as a plain text
new ModelGardenDeployment('token', { ...garden, model: { ...garden.model, token: 'hf_secret' } });
// @ts-expect-error a licence that nobody agreed to
new ModelGardenDeployment('licence', { ...garden, licenceAccepted: false });
// @ts-expect-error two networks at once
new ModelGardenDeployment('peered', { ...garden, access: { type: 'peered', network: 'main' } });
// @ts-expect-error a network and Private Service Connect at once
new VertexEndpoint('both', { ...endpoint, access: { type: 'peered', network: 'n', projects: ['p'] } });
// @ts-expect-error a machine that is too small for the shard
new VectorSearch('shard', { ...search, shards: { ...shards, machine: 'e2-standard-2' } });
// @ts-expect-error a model of which nothing is watched
new VertexMonitoring('nothing', { ...monitoring, models: { one: { model: monitoring.models['one'].model } } });
// @ts-expect-error a watch of which nobody hears
new VertexMonitoring('unheard', { ...monitoring, told: [] });
