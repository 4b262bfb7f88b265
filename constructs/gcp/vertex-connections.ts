import { compute, dns } from '@pulumi/gcp';
import { ComponentResource, type ComponentResourceOptions, interpolate, type Output } from '@pulumi/pulumi';
import { Binding } from '../binding.ts';
import { ConstructError } from '../errors.ts';
import type { GoogleProject } from './google-project.ts';
import type { Network } from './network.ts';
import type { VertexEndpoint } from './vertex-endpoint.ts';
import type { VertexModel } from './vertex-model.ts';

/** What is behind an address. */
export interface ConnectedEndpoint {
  /** One that is reached by Private Service Connect. */
  readonly endpoint: VertexEndpoint;
  /** Of any model behind it: Vertex AI opens the way to an endpoint with its first model. */
  readonly serviceAttachment: VertexModel['serviceAttachment'];
}

export interface VertexConnectionsArgs {
  /** Of the network and of the endpoints. */
  readonly project: GoogleProject;
  readonly network: Network;
  /** By a name each. */
  readonly endpoints: Readonly<Record<string, ConnectedEndpoint>>;
}

/** What the certificate of all private endpoints is for: one, signed by itself, good for ten years. */
const DOMAIN = 'prediction.p.vertexai.goog';

interface Connection {
  readonly address: compute.Address;
  readonly rule: compute.ForwardingRule;
  readonly record: dns.RecordSet;
}

/**
 * The ways from a network to endpoints of Vertex AI: an address of the network for each, which stays whatever is deployed
 * behind it, and the name that the certificate of the endpoints is for.
 */
export class VertexConnections extends ComponentResource {
  /** Of all addresses. */
  static readonly port = 443;
  readonly nodes: {
    readonly zone: dns.ManagedZone;
    readonly connections: Readonly<Record<string, Connection>>;
  };
  /** Host and path of each endpoint, by its name here: what stands behind `vertex://` in an engine's address. */
  readonly places: Readonly<Record<string, Binding<Output<string>>>>;

  /** @throws {ConstructError} `reference-missing`, when it is deployed, for an endpoint that is not private */
  constructor(name: string, args: VertexConnectionsArgs, options: ComponentResourceOptions = {}) {
    super('penstock:gcp:VertexConnections', name, {}, options);
    const { project, network, endpoints } = args;
    const child = { parent: this };
    const zone = new dns.ManagedZone(
      name,
      {
        project: project.id,
        dnsName: `${DOMAIN}.`,
        description: 'Endpoints of Vertex AI that this network reaches',
        visibility: 'private',
        privateVisibilityConfig: { networks: [{ networkUrl: network.networkId }] },
      },
      child,
    );
    const hostOf = ({ endpoint }: ConnectedEndpoint) =>
      interpolate`${endpoint.id}-${network.region}-${project.number}.${DOMAIN}`;
    const connect = (id: string, connected: ConnectedEndpoint): Connection => {
      const address = new compute.Address(
        `${name}-${id}`,
        { project: project.id, region: network.region, subnetwork: network.subnetId, addressType: 'INTERNAL' },
        child,
      );
      const rule = new compute.ForwardingRule(
        `${name}-${id}`,
        {
          project: project.id,
          region: network.region,
          network: network.networkId,
          ipAddress: address.id,
          target: connected.serviceAttachment.apply((known) => attachmentOf(id, known)),
          // None: so says one that leads to a service of somebody else.
          loadBalancingScheme: '',
          // The endpoint shuts it when its last model goes; the next one needs another on the same address.
          recreateClosedPsc: true,
        },
        { parent: this, deleteBeforeReplace: true },
      );
      const record = new dns.RecordSet(
        `${name}-${id}`,
        {
          project: project.id,
          managedZone: zone.name,
          name: interpolate`${hostOf(connected)}.`,
          type: 'A',
          ttl: 60,
          rrdatas: [address.address],
        },
        child,
      );
      return { address, rule, record };
    };
    this.nodes = {
      zone,
      connections: Object.fromEntries(Object.entries(endpoints).map(([id, connected]) => [id, connect(id, connected)])),
    };
    this.places = Object.fromEntries(
      Object.entries(endpoints).map(([id, connected]) => [
        id,
        Binding.of(
          interpolate`${hostOf(connected)}/projects/${project.id}/locations/${network.region}/endpoints/${connected.endpoint.id}`,
        ),
      ]),
    );
    this.registerOutputs({});
  }
}

/** @throws {ConstructError} `reference-missing` for an endpoint that no network reaches */
export function attachmentOf(id: string, serviceAttachment: string | undefined): string {
  if (serviceAttachment !== undefined) return serviceAttachment;
  throw new ConstructError('reference-missing', `endpoints.${id}`, 'no service attachment: it is not private');
}
