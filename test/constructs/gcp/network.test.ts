import { beforeAll, describe, expect, test } from '@jest/globals';
import { Network, type NetworkArgs } from '../../../constructs/gcp/network.ts';
import { NETWORK } from './platform-parts.ts';
import { type Request, request } from './requested.ts';

describe('a network on Google Cloud', () => {
  let asked: Request;
  beforeAll(async () => {
    asked = await request((options) => {
      new Network('mailroom', { ...NETWORK, serviceClasses: ['gcp-memorystore'] }, options);
    });
  });

  test('has no subnets and no routes but those it states', () => {
    expect(asked.the('gcp:compute/network:Network').inputs).toMatchObject({
      autoCreateSubnetworks: false,
      deleteDefaultRoutesOnCreate: true,
    });
    expect(asked.the('gcp:compute/route:Route').inputs).toMatchObject({
      destRange: '0.0.0.0/0',
      nextHopGateway: 'default-internet-gateway',
    });
  });

  test('has one subnet for nodes, pods and services that reaches Google without a public address and logs its flows', () => {
    expect(asked.the('gcp:compute/subnetwork:Subnetwork').inputs).toMatchObject({
      region: 'europe-west4',
      ipCidrRange: '10.0.0.0/20',
      secondaryIpRanges: [
        { rangeName: 'pods', ipCidrRange: '10.64.0.0/14' },
        { rangeName: 'services', ipCidrRange: '10.1.0.0/20' },
      ],
      privateIpGoogleAccess: true,
      logConfig: { flowSampling: 0.5, metadata: 'INCLUDE_ALL_METADATA' },
    });
  });

  test('lets only that subnet out, with ports that pods of one node do not take from each other', () => {
    expect(asked.the('gcp:compute/routerNat:RouterNat').inputs).toMatchObject({
      sourceSubnetworkIpRangesToNat: 'LIST_OF_SUBNETWORKS',
      subnetworks: [{ name: 'mailroom', sourceIpRangesToNats: ['ALL_IP_RANGES'] }],
      enableDynamicPortAllocation: true,
      // The API refuses both together.
      enableEndpointIndependentMapping: false,
      logConfig: { enable: true },
    });
  });

  test('denies whatever no other rule lets in, below all of them, and logs it', () => {
    expect(asked.the('gcp:compute/firewall:Firewall').inputs).toMatchObject({
      direction: 'INGRESS',
      priority: 65_534,
      denies: [{ protocol: 'all' }],
      sourceRanges: ['0.0.0.0/0'],
      logConfig: { metadata: 'INCLUDE_ALL_METADATA' },
    });
  });

  test('has a peered range for databases, whose end does not hold up its own', () => {
    expect(asked.the('gcp:compute/globalAddress:GlobalAddress').inputs).toMatchObject({
      purpose: 'VPC_PEERING',
      address: '10.2.0.0',
      prefixLength: 20,
    });
    expect(asked.the('gcp:servicenetworking/connection:Connection').inputs).toMatchObject({
      deletionPolicy: 'ABANDON',
    });
  });

  test('lets Memorystore make its endpoints in the subnet', () => {
    expect(asked.the('gcp:networkconnectivity/serviceConnectionPolicy:ServiceConnectionPolicy').inputs).toMatchObject({
      serviceClass: 'gcp-memorystore',
      pscConfig: { subnetworks: ['mailroom'] },
    });
  });
});

const refused = async (ranges: Partial<NetworkArgs['ranges']>): Promise<readonly string[]> => {
  const errors: string[] = [];
  const asked = await request((options) => {
    try {
      new Network('mailroom', { ...NETWORK, ranges: { ...NETWORK.ranges, ...ranges } }, options);
    } catch (error) {
      errors.push((error as Error).message);
    }
  });
  expect(asked.all.filter(({ type }) => type.startsWith('gcp:'))).toEqual([]);
  return errors;
};

describe('the ranges of a network', () => {
  test.each([
    [
      'that share addresses',
      { services: '10.0.8.0/21' },
      /ranges\.services: 10\.0\.8\.0\/21 shares addresses with nodes/,
    ],
    ['whose bits reach behind the prefix', { pods: '10.64.1.0/14' }, /ranges\.pods: .*expected such as/],
    ['that are no addresses', { nodes: '10.0.0.256/32' }, /ranges\.nodes: /],
    ['that are longer than an address', { nodes: '10.0.0.0/33' }, /ranges\.nodes: /],
  ] as const)('rejects those %s, before anything is made', async (_title, ranges, message) => {
    const [error] = await refused(ranges);
    expect(error).toMatch(message);
    expect(error).toContain('[range-unfit]');
  });

  test('may lie side by side', async () => {
    const asked = await request((options) => {
      new Network('n', { ...NETWORK, ranges: { ...NETWORK.ranges, nodes: '10.1.16.0/20' } }, options);
    });
    expect(asked.of('gcp:compute/subnetwork:Subnetwork')).toHaveLength(1);
  });
});
