import type { Topology } from '@penstock/model';
import type { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import type { Override } from './api-object.ts';
import { account } from './crd/jetstream.ts';
import { platformMetadata } from './labels.ts';
import type { NatsService } from './nats-service.ts';
import { type NatsAccess, NatsUser } from './nats-user.ts';

export interface NatsAccountProps {
  readonly topology: Topology;
  readonly nats: NatsService;
  /** @default - the servers let anyone in */
  readonly access?: NatsAccess;
  readonly overrides?: { readonly account?: Override };
}

/** How NACK connects to make the streams and consumers of its namespace that name it. */
export class NatsAccount extends Construct {
  readonly nodes: { readonly account: ApiObject };
  readonly name: string;

  constructor(scope: Construct, id: string, { topology, nats, access, overrides }: NatsAccountProps) {
    super(scope, id);
    this.name = topology.name;
    const user =
      access === undefined
        ? undefined
        : new NatsUser(this, 'operator', { topology, name: 'nats-operator', nats, access, seed: access.operator });
    const spec = {
      name: this.name,
      servers: [nats.clientUrl.lower()],
      ...(user === undefined ? {} : provenBy(user)),
    };
    this.nodes = {
      account: account(this, 'account', { metadata: platformMetadata(topology, this.name), spec }, overrides?.account),
    };
    if (user !== undefined) this.nodes.account.addDependency(user.secret.nodes.externalSecret);
  }
}

function provenBy({ secret }: NatsUser) {
  const seed = secret.key(NatsUser.files.seed);
  const authority = secret.key(NatsUser.files.authority);
  return {
    nkey: { secret: { name: seed.secret }, seed: seed.key },
    tls: { secret: { name: authority.secret }, ca: authority.key },
  };
}
