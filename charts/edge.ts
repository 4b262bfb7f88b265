import type { Topology } from '@penstock/model';
import { Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import type { Binding } from '../constructs/binding.ts';
import {
  EngineRoute,
  type InferenceServer,
  PlatformGateway,
  type PlatformGatewayProps,
  type RouteMatch,
} from '../constructs/kubernetes/index.ts';

/** An engine that callers outside of the cluster reach, and what of it. */
export interface ExposedEngine {
  readonly server: InferenceServer;
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
  readonly engines: readonly [ExposedEngine, ...ExposedEngine[]];
}

/** The way in from outside: one gateway, one certificate for all names, one route an engine. */
export class EdgeChart extends Chart {
  readonly gateway: PlatformGateway;

  constructor(scope: Construct, id: string, props: EdgeChartProps) {
    super(scope, id, { namespace: props.namespace });
    const { topology, className, issuer, dataPlaneNamespace } = props;
    const [first, ...others] = props.engines;
    const hostnames = [first.hostname, ...others.map(({ hostname }) => hostname)] as const;
    this.gateway = new PlatformGateway(this, 'gateway', { topology, className, issuer, hostnames });
    for (const { server, hostname, match } of props.engines) {
      new EngineRoute(this, `${server.context.workload.id}-route`, {
        gateway: this.gateway,
        server,
        hostname,
        match,
        dataPlaneNamespace,
      });
    }
  }
}
