import type { Construct } from 'constructs';
import { emit, type Override } from '../api-object.ts';
import type { CustomResourceProps } from './scaled-object.ts';

/** The fields of a Gateway that we emit. */
export interface GatewaySpec {
  readonly gatewayClassName: string;
  readonly listeners: readonly Listener[];
}

export interface Listener {
  readonly name: string;
  readonly port: number;
  readonly protocol: 'HTTP' | 'HTTPS';
  readonly hostname?: string;
  readonly tls?: { readonly mode: 'Terminate'; readonly certificateRefs: readonly { readonly name: string }[] };
  readonly allowedRoutes: { readonly namespaces: { readonly from: 'Same' } };
}

interface RouteSpec<Rule> {
  readonly parentRefs: readonly { readonly name: string; readonly sectionName: string }[];
  readonly hostnames: readonly string[];
  readonly rules: readonly Rule[];
}

export interface BackendReference {
  readonly name: string;
  readonly port: number;
}

/** The fields of an HTTPRoute that we emit. */
export type HttpRouteSpec = RouteSpec<
  | {
      readonly matches: readonly { readonly path: { readonly type: 'PathPrefix'; readonly value: string } }[];
      /** Go's duration of at most five digits. */
      readonly timeouts: { readonly request: string };
      readonly backendRefs: readonly BackendReference[];
    }
  | {
      readonly filters: readonly {
        readonly type: 'RequestRedirect';
        readonly requestRedirect: { readonly scheme: 'https'; readonly statusCode: 301 };
      }[];
    }
>;

/** The fields of a GRPCRoute that we emit; the kind has no timeouts. */
export type GrpcRouteSpec = RouteSpec<{
  readonly matches: readonly { readonly method: { readonly type: 'Exact'; readonly service: string } }[];
  readonly backendRefs: readonly BackendReference[];
}>;

const API_VERSION = 'gateway.networking.k8s.io/v1';

export function gateway(scope: Construct, id: string, props: CustomResourceProps<GatewaySpec>, override?: Override) {
  return emit(scope, id, { apiVersion: API_VERSION, kind: 'Gateway', ...props }, override);
}

export function httpRoute(
  scope: Construct,
  id: string,
  props: CustomResourceProps<HttpRouteSpec>,
  override?: Override,
) {
  return emit(scope, id, { apiVersion: API_VERSION, kind: 'HTTPRoute', ...props }, override);
}

export function grpcRoute(
  scope: Construct,
  id: string,
  props: CustomResourceProps<GrpcRouteSpec>,
  override?: Override,
) {
  return emit(scope, id, { apiVersion: API_VERSION, kind: 'GRPCRoute', ...props }, override);
}
