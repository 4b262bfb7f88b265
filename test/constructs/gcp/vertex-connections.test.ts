import { describe, expect, test } from '@jest/globals';
import { output } from '@pulumi/pulumi';
import { Network } from '../../../constructs/gcp/network.ts';
import { VertexCallers } from '../../../constructs/gcp/vertex-callers.ts';
import { attachmentOf, VertexConnections } from '../../../constructs/gcp/vertex-connections.ts';
import { VertexEndpoint } from '../../../constructs/gcp/vertex-endpoint.ts';
import { NETWORK, PROJECT } from './platform-parts.ts';
import { runProgram, settled } from './vertex-program.ts';

const ATTACHMENT = 'projects/tp/regions/europe-west4/serviceAttachments/one';
const location = NETWORK.region;
const edge = () =>
  new VertexEndpoint('chat', {
    displayName: 'chat',
    location,
    access: { type: 'private-service-connect', projects: [PROJECT.id] },
  });
const connected = () =>
  runProgram(() => {
    const endpoint = edge();
    const endpoints = { chat: { endpoint, serviceAttachment: output<string | undefined>(ATTACHMENT) } };
    const connections = new VertexConnections('ways', {
      project: PROJECT,
      network: new Network('net', NETWORK),
      endpoints,
    });
    return { endpoint, connections };
  });

describe('the way from a network to an endpoint of Vertex AI', () => {
  test('is an address in the subnet of the nodes that leads to the endpoint', async () => {
    const program = await connected();
    expect(program.inputsOf('Address')).toMatchObject({ addressType: 'INTERNAL', subnetwork: 'net-id' });
    expect(program.inputsOf('ForwardingRule')).toMatchObject({
      target: ATTACHMENT,
      ipAddress: 'ways-chat-id',
      network: 'net-id',
      loadBalancingScheme: '',
      recreateClosedPsc: true,
    });
  });

  test('has the name that the certificate of all endpoints is for, seen from the network alone', async () => {
    const program = await connected();
    const id = await settled(program.made.endpoint.id);
    const host = `${id}-europe-west4-${PROJECT.number}.prediction.p.vertexai.goog`;
    expect(program.inputsOf('ManagedZone')).toMatchObject({
      dnsName: 'prediction.p.vertexai.goog.',
      visibility: 'private',
      privateVisibilityConfig: { networks: [{ networkUrl: 'net-id' }] },
    });
    expect(program.inputsOf('RecordSet')).toMatchObject({ name: `${host}.`, type: 'A' });
    expect(await settled(program.made.connections.places['chat']?.lower() ?? output(''))).toBe(
      `${host}/projects/${PROJECT.id}/locations/europe-west4/endpoints/${id}`,
    );
  });

  test('rejects an endpoint that no network reaches', () => {
    expect(() => attachmentOf('chat', undefined)).toThrow(
      /endpoints\.chat: no service attachment.*\[reference-missing\]/,
    );
  });
});

describe('callers of an endpoint of Vertex AI', () => {
  test('have the one permission of a call, on that endpoint alone', async () => {
    const program = await runProgram(() => {
      const endpoint = edge();
      const endpoints = { chat: { endpoint, callers: { answer: 'serviceAccount:answer@x' } } };
      return { endpoint, callers: new VertexCallers('callers', { project: PROJECT, location, endpoints }) };
    });
    expect(program.inputsOf('IAMCustomRole')['permissions']).toEqual(['aiplatform.endpoints.predict']);
    expect(program.inputsOf('AiEndpointIamMember')).toEqual({
      project: PROJECT.id,
      location,
      endpoint: await settled(program.made.endpoint.id),
      role: `projects/${PROJECT.id}/roles/penstockPredictor`,
      member: 'serviceAccount:answer@x',
    });
  });
});
