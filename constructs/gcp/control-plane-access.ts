import { ConstructError } from '../errors.ts';
import { type Cidr, readCidr } from './cidr.ts';

/** From where the control plane of a cluster is reached. Nobody gets in without an identity of Google from anywhere. */
export type ControlPlaneAccess =
  /** From the cluster's own network, and from networks that are joined to it. */
  | { readonly kind: 'private' }
  /** Also from these, over the internet. */
  | { readonly kind: 'authorized-networks'; readonly networks: readonly [AuthorizedNetwork, ...AuthorizedNetwork[]] };

interface AuthorizedNetwork {
  /** Whose it is, e.g. `office`. */
  readonly name: string;
  readonly cidr: Cidr;
}

/** Shorter prefixes are nobody's office: a /8 is a two hundred and fiftieth of the internet. */
const WIDEST_PREFIX = 16;

/** @throws {ConstructError} `access-too-wide` for a range that is half the internet, `range-unfit` for one that is none */
export function controlPlaneAccess(access: ControlPlaneAccess) {
  const networks = access.kind === 'private' ? [] : access.networks;
  for (const [index, { name, cidr }] of networks.entries()) {
    const path = `access.networks.${index}`;
    if (readCidr(path, cidr).prefixLength < WIDEST_PREFIX)
      throw new ConstructError('access-too-wide', path, `${name} is ${cidr}, expected at most a /${WIDEST_PREFIX}`);
  }
  return {
    privateClusterConfig: {
      enablePrivateNodes: true,
      enablePrivateEndpoint: access.kind === 'private',
      masterGlobalAccessConfig: { enabled: false },
    },
    masterAuthorizedNetworksConfig: {
      // Other customers' machines at Google are no network of ours.
      gcpPublicCidrsAccessEnabled: false,
      cidrBlocks: networks.map(({ name, cidr }) => ({ displayName: name, cidrBlock: cidr })),
    },
  } as const;
}
