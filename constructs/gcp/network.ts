import { compute, networkconnectivity, servicenetworking } from '@pulumi/gcp';
import { ComponentResource, type ComponentResourceOptions, type Output } from '@pulumi/pulumi';
import { type Cidr, readCidr, refuseOverlaps } from './cidr.ts';

/** Managed services that are reached by Private Service Connect, under the names of their classes. */
export type ServiceClass = 'gcp-memorystore';

export interface NetworkArgs {
  readonly region: string;
  /** Ranges of addresses; none may share one with another. None can be made smaller later. */
  readonly ranges: {
    /** Nodes, and the endpoints of managed services in the subnet. */
    readonly nodes: Cidr;
    /** Pods: GKE takes a /24 for each node with up to 110 of them. */
    readonly pods: Cidr;
    /** Kubernetes services. */
    readonly services: Cidr;
    /** Managed services in Google's own network, Cloud SQL among them: a peering, /16 to /24. */
    readonly managedServices: Cidr;
  };
  /** Managed services to be reached by Private Service Connect. @default - none */
  readonly serviceClasses?: readonly ServiceClass[];
  /** Share of the flows that are logged, 0 to 1. @default 0.5 */
  readonly flowSampling?: number;
}

/** Names of the secondary ranges: a cluster in this network says them. */
export const POD_RANGE = 'pods';
export const SERVICE_RANGE = 'services';

/**
 * A network of one region with no public address in it: one subnet for nodes, pods and services, a way out through Cloud
 * NAT, ways to Google's own services that never leave its network, and nothing let in that no rule names.
 */
export class Network extends ComponentResource {
  readonly nodes: {
    readonly network: compute.Network;
    readonly subnet: compute.Subnetwork;
    readonly route: compute.Route;
    readonly router: compute.Router;
    readonly nat: compute.RouterNat;
    readonly managedServices: compute.GlobalAddress;
    readonly peering: servicenetworking.Connection;
    readonly serviceConnections: Readonly<Partial<Record<ServiceClass, networkconnectivity.ServiceConnectionPolicy>>>;
    readonly denyIngress: compute.Firewall;
  };
  readonly region: string;
  readonly ranges: NetworkArgs['ranges'];
  /** `projects/<project>/global/networks/<name>`. */
  readonly networkId: Output<string>;
  readonly subnetId: Output<string>;

  /** @throws {ConstructError} `range-unfit` for a range that is malformed or shares addresses with another */
  constructor(name: string, args: NetworkArgs, options: ComponentResourceOptions = {}) {
    super('penstock:gcp:Network', name, {}, options);
    const { region, ranges } = args;
    refuseOverlaps('ranges', ranges);
    const managed = readCidr('ranges.managedServices', ranges.managedServices);
    const child = { parent: this };

    const network = new compute.Network(
      name,
      {
        autoCreateSubnetworks: false,
        routingMode: 'REGIONAL',
        // The way to the internet is a resource of its own below: what nobody wrote down, nobody reviews.
        deleteDefaultRoutesOnCreate: true,
      },
      child,
    );
    const subnet = new compute.Subnetwork(
      name,
      {
        network: network.id,
        region,
        ipCidrRange: ranges.nodes,
        secondaryIpRanges: [
          { rangeName: POD_RANGE, ipCidrRange: ranges.pods },
          { rangeName: SERVICE_RANGE, ipCidrRange: ranges.services },
        ],
        privateIpGoogleAccess: true,
        stackType: 'IPV4_ONLY',
        logConfig: {
          aggregationInterval: 'INTERVAL_1_MIN',
          flowSampling: args.flowSampling ?? 0.5,
          metadata: 'INCLUDE_ALL_METADATA',
        },
      },
      child,
    );
    // Cloud NAT and Private Google Access both go by it; without a public address nothing comes back in through it.
    const route = new compute.Route(
      `${name}-out`,
      { network: network.id, destRange: '0.0.0.0/0', nextHopGateway: 'default-internet-gateway', priority: 1000 },
      child,
    );
    const router = new compute.Router(name, { network: network.id, region }, child);
    const nat = new compute.RouterNat(
      name,
      {
        router: router.name,
        region,
        natIpAllocateOption: 'AUTO_ONLY',
        sourceSubnetworkIpRangesToNat: 'LIST_OF_SUBNETWORKS',
        subnetworks: [{ name: subnet.id, sourceIpRangesToNats: ['ALL_IP_RANGES'] }],
        // Many pods share the ports of one node: it gets more as it needs them, which excludes the other setting.
        enableDynamicPortAllocation: true,
        enableEndpointIndependentMapping: false,
        logConfig: { enable: true, filter: 'ERRORS_ONLY' },
      },
      child,
    );
    const managedServices = new compute.GlobalAddress(
      `${name}-managed`,
      {
        network: network.id,
        purpose: 'VPC_PEERING',
        addressType: 'INTERNAL',
        address: managed.address,
        prefixLength: managed.prefixLength,
      },
      child,
    );
    const peering = new servicenetworking.Connection(
      `${name}-managed`,
      {
        network: network.id,
        service: 'servicenetworking.googleapis.com',
        reservedPeeringRanges: [managedServices.name],
        // Google keeps its side for days after the last database is gone, and refuses to end the peering meanwhile.
        deletionPolicy: 'ABANDON',
      },
      child,
    );
    const serviceConnections = Object.fromEntries(
      (args.serviceClasses ?? []).map((serviceClass) => [
        serviceClass,
        new networkconnectivity.ServiceConnectionPolicy(
          `${name}-${serviceClass}`,
          { location: region, network: network.id, serviceClass, pscConfig: { subnetworks: [subnet.id] } },
          child,
        ),
      ]),
    );
    // A network denies this anyway, without a word. Said out loud it is logged, and stays when others add rules above it.
    const denyIngress = new compute.Firewall(
      `${name}-deny-ingress`,
      {
        network: network.id,
        direction: 'INGRESS',
        priority: 65_534,
        denies: [{ protocol: 'all' }],
        sourceRanges: ['0.0.0.0/0'],
        logConfig: { metadata: 'INCLUDE_ALL_METADATA' },
      },
      child,
    );

    this.nodes = { network, subnet, route, router, nat, managedServices, peering, serviceConnections, denyIngress };
    this.region = region;
    this.ranges = ranges;
    this.networkId = network.id;
    this.subnetId = subnet.id;
    this.registerOutputs({ networkId: this.networkId, subnetId: this.subnetId });
  }
}
