import { describe, expect, test } from '@jest/globals';
import { output } from '@pulumi/pulumi';
import { VertexEndpoint, type VertexEndpointArgs } from '../../../constructs/gcp/vertex-endpoint.ts';
import { runProgram, settled } from './vertex-program.ts';

const args: VertexEndpointArgs = { displayName: 'reranker', location: 'europe-west4', access: { type: 'public' } };
const made = (more: Partial<VertexEndpointArgs> = {}) =>
  runProgram(() => new VertexEndpoint('edge', { ...args, ...more }));

describe('an endpoint of Vertex AI', () => {
  test('that is public has a host name of its own, and says it', async () => {
    const program = await made();
    expect(program.inputsOf('AiEndpoint')).toMatchObject({ dedicatedEndpointEnabled: true, deletionPolicy: 'DELETE' });
    expect(program.inputsOf('AiEndpoint')).not.toHaveProperty('network');
    const { address } = program.made;
    expect(await settled(address?.lower() ?? output(''))).toBe('edge-endpoint.example.com');
  });

  test('has an id of ten digits that is the same at each run and another for another name', async () => {
    const first = (await made()).inputsOf('AiEndpoint')['name'];
    const second = (await made()).inputsOf('AiEndpoint')['name'];
    const other = await runProgram(() => new VertexEndpoint('other', args));
    expect(first).toMatch(/^[1-9]\d{9}$/);
    expect(second).toBe(first);
    expect(other.inputsOf('AiEndpoint')['name']).not.toBe(first);
  });

  test('that is private lets in the projects it names, and puts addresses into networks', async () => {
    const program = await made({
      access: {
        type: 'private-service-connect',
        projects: ['shop'],
        connections: [{ project: 'shop', network: 'projects/shop/global/networks/main' }],
      },
    });
    expect(program.inputsOf('AiEndpoint')).toMatchObject({
      privateServiceConnectConfig: {
        enablePrivateServiceConnect: true,
        projectAllowlists: ['shop'],
        pscAutomationConfigs: [{ projectId: 'shop', network: 'projects/shop/global/networks/main' }],
      },
    });
    expect(program.inputsOf('AiEndpoint')).not.toHaveProperty('dedicatedEndpointEnabled');
    expect(program.made.address).toBeUndefined();
  });

  test('that is private asks IAM about each request where it is told to', async () => {
    const access = { type: 'private-service-connect', projects: ['shop'], authorized: true } as const;
    expect((await made({ access })).inputsOf('AiEndpoint')).toMatchObject({
      privateServiceConnectConfig: { enableSecurePrivateServiceConnect: true },
    });
  });

  test('that is peered is in one network and has no Private Service Connect', async () => {
    const network = 'projects/12345/global/networks/main';
    const inputs = (await made({ access: { type: 'peered', network } })).inputsOf('AiEndpoint');
    expect(inputs['network']).toBe(network);
    expect(inputs).not.toHaveProperty('privateServiceConnectConfig');
  });

  test('keeps requests, uses the key and carries the labels it is given', async () => {
    const inputs = (
      await made({
        encryptionKey: 'projects/p/locations/europe-west4/keyRings/r/cryptoKeys/k',
        requestLog: { table: 'bq://p.logs.requests', sampled: '10%' },
        labels: { team: 'search' },
        deletion: 'PREVENT',
      })
    ).inputsOf('AiEndpoint');
    expect(inputs).toMatchObject({
      encryptionSpec: { kmsKeyName: 'projects/p/locations/europe-west4/keyRings/r/cryptoKeys/k' },
      predictRequestResponseLoggingConfig: {
        enabled: true,
        samplingRate: 0.1,
        bigqueryDestination: { outputUri: 'bq://p.logs.requests' },
      },
      labels: { team: 'search' },
      deletionPolicy: 'PREVENT',
    });
  });

  test('rejects a log of no request', async () => {
    await expect(made({ requestLog: { table: 'bq://p', sampled: '0%' } })).rejects.toThrow('[quantity-malformed]');
  });

  test('rejects a name that the console does not take', async () => {
    await expect(made({ displayName: 'x'.repeat(129) })).rejects.toThrow('129 of 128 characters');
  });
});
