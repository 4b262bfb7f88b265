import type { Topology } from '@penstock/model';
import { Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import type { Binding } from '../constructs/binding.ts';
import {
  EdgeRoute,
  PlatformGateway,
  type PlatformGatewayProps,
  type RoutableServer,
  type RouteMatch,
} from '../constructs/kubernetes/index.ts';

/** An engine or a service that callers outside of the cluster reach, and what of it. */
export interface ExposedServer {
  readonly server: RoutableServer;
  readonly hostname: Binding<string>;
  readonly match: RouteMatch;
}

export interface EdgeChartProps {
  readonly topology: Topology;
  readonly namespace: string;
  readonly className: PlatformGatewayProps['className'];
  readonly issuer: PlatformGatewayProps['issuer'];
  /** The namespace whose pods carry the gateway's traffic. */
  readonly dataPlaneNamespace: string;
  readonly servers: readonly [ExposedServer, ...ExposedServer[]];
}

/** The way in from outside: one gateway, one certificate for all names, one route a server. */
export class EdgeChart extends Chart {
  readonly gateway: PlatformGateway;

  constructor(scope: Construct, id: string, props: EdgeChartProps) {
    super(scope, id, { namespace: props.namespace });
    const { topology, className, issuer, dataPlaneNamespace } = props;
    const [first, ...others] = props.servers;
    const hostnames = [first.hostname, ...others.map(({ hostname }) => hostname)] as const;
    this.gateway = new PlatformGateway(this, 'gateway', { topology, className, issuer, hostnames });
    for (const { server, hostname, match } of props.servers) {
      new EdgeRoute(this, `${server.context.workload.id}-route`, {
        gateway: this.gateway,
        server,
        hostname,
        match,
        dataPlaneNamespace,
      });
    }
  }
}
