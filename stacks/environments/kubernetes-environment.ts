import type { BytesText } from '@penstock/model';
import type { NatsServiceProps, PlatformGatewayProps, RouteMatch } from '../../constructs/kubernetes/index.ts';

/** What is so in one cluster and cannot follow from the declaration. */
export interface KubernetesEnvironment {
  readonly name: string;
  readonly namespace: string;
  /** Image of each service, by the name it declares: a digest, or a tag that the registry keeps immutable. */
  readonly images: Readonly<Record<string, string>>;
  /** Image that holds the files of an engine's model at its declared revision, by the engine's id. */
  readonly weights: Readonly<Record<string, string>>;
  readonly nats: NatsServiceProps;
  /** Disk that each stream may take on every NATS server. */
  readonly streamSize: BytesText;
  /** The volume that holds the effects of a worker. */
  readonly effects: { readonly storageClass: string; readonly size: BytesText };
  /** The namespace whose Prometheus scrapes the platform. */
  readonly monitoringNamespace: string;
  /** Query API of its Prometheus, by which workers are scaled before a backlog has grown. @default - by backlog alone */
  readonly prometheus?: string;
  /** Where docs/alerts.md is to be read: alerts link to their part of it. @default - they link to nothing */
  readonly runbooks?: string;
  /** What a service asks for by name beside its bus, effects and engines: files in its image. By the worker's id. */
  readonly addresses: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** How engines are reached from outside of the cluster. @default - they are not */
  readonly edge?: EdgeEnvironment;
}

/** A cluster with a controller of the Gateway API and cert-manager. */
export interface EdgeEnvironment {
  /** Class that the controller serves. */
  readonly className: string;
  readonly issuer: PlatformGatewayProps['issuer'];
  /** The namespace whose pods carry the gateway's traffic. */
  readonly dataPlaneNamespace: string;
  /** What is let through to which engine, by its id. */
  readonly engines: Readonly<Record<string, { readonly hostname: string; readonly match: RouteMatch }>>;
}
