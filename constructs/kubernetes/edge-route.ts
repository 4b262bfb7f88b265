import type { Duration } from '@penstock/model';
import type { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import type { Binding } from '../binding.ts';
import type { Override } from './api-object.ts';
import type { CalledWorkload } from './cluster-service.ts';
import { grpcRoute, httpRoute } from './crd/gateway.ts';
import { selectorLabels } from './labels.ts';
import { goDuration } from './lowering.ts';
import { networkPolicy, tcp } from './network-flow.ts';
import { HTTPS_LISTENER, type PlatformGateway } from './platform-gateway.ts';
import { metadataOf, type WorkloadContext } from './workload.ts';

/** What is let through: some paths of an HTTP API, or some services of a gRPC one. Never all of it. */
export type RouteMatch =
  | { readonly protocol: 'http'; readonly paths: readonly [string, ...string[]] }
  | { readonly protocol: 'grpc'; readonly services: readonly [string, ...string[]] };

/** What a route can lead to: an InferenceServer or an HttpService. */
export interface RoutableServer {
  readonly context: WorkloadContext<CalledWorkload & { readonly doneWithin: Duration }>;
  readonly nodes: { readonly service: ApiObject };
}

export interface EdgeRouteProps {
  readonly gateway: PlatformGateway;
  readonly server: RoutableServer;
  /** One of the gateway's, or the certificate does not fit. */
  readonly hostname: Binding<string>;
  readonly match: RouteMatch;
  /** The namespace whose pods carry the gateway's traffic. */
  readonly dataPlaneNamespace: string;
  readonly overrides?: { readonly route?: Override; readonly networkPolicy?: Override };
}

/** Lets callers outside of the cluster reach an engine or a service. A request ends when its promise is over. */
export class EdgeRoute extends Construct {
  readonly nodes: { readonly route: ApiObject; readonly networkPolicy: ApiObject };

  constructor(scope: Construct, id: string, props: EdgeRouteProps) {
    super(scope, id);
    const { context } = props.server;
    const { topology, workload } = context;
    const port = workload.service.ports.http;
    const rules = {
      pods: selectorLabels(topology, workload),
      ingress: [{ peer: { namespace: props.dataPlaneNamespace }, ports: [tcp(port)] }],
    };
    this.nodes = {
      route: this.#route(props, port),
      networkPolicy: networkPolicy(
        this,
        'network-policy',
        metadataOf(context, '-gateway'),
        rules,
        props.overrides?.networkPolicy,
      ),
    };
    this.nodes.route.addDependency(props.gateway.nodes.gateway);
  }

  #route({ gateway, server, hostname, match, overrides }: EdgeRouteProps, port: number): ApiObject {
    const { context } = server;
    const metadata = metadataOf(context);
    const parentRefs = [{ name: gateway.nodes.gateway.name, sectionName: HTTPS_LISTENER }];
    const hostnames = [hostname.lower()];
    const backendRefs = [{ name: server.nodes.service.name, port }];
    if (match.protocol === 'grpc') {
      const matches = match.services.map((service) => ({ method: { type: 'Exact', service } as const }));
      const spec = { parentRefs, hostnames, rules: [{ matches, backendRefs }] };
      return grpcRoute(this, 'route', { metadata, spec }, overrides?.route);
    }
    const matches = match.paths.map((value) => ({ path: { type: 'PathPrefix', value } as const }));
    const timeouts = { request: goDuration(context.workload.doneWithin.toMilliseconds('up')) };
    const spec = { parentRefs, hostnames, rules: [{ matches, timeouts, backendRefs }] };
    return httpRoute(this, 'route', { metadata, spec }, overrides?.route);
  }
}
