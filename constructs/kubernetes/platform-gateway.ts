import type { Topology } from '@penstock/model';
import type { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import type { Binding } from '../binding.ts';
import type { Override } from './api-object.ts';
import { certificate, type IssuerReference } from './crd/certificate.ts';
import { gateway, httpRoute } from './crd/gateway.ts';
import { platformMetadata } from './labels.ts';

export interface PlatformGatewayProps {
  readonly topology: Topology;
  /** The class that the cluster's controller serves, e.g. `cilium` or `gke-l7-global-external-managed`. */
  readonly className: string;
  /** Names that the certificate is for; a route is found under one of them. */
  readonly hostnames: readonly [Binding<string>, ...Binding<string>[]];
  readonly issuer: IssuerReference;
  readonly overrides?: {
    readonly gateway?: Override;
    readonly certificate?: Override;
    readonly redirect?: Override;
  };
}

/** Name of the listener that routes attach to. */
export const HTTPS_LISTENER = 'https';
const HTTP_LISTENER = 'http';

/** The way in from outside: TLS only, what comes without it is sent there. Routes of the own namespace attach to it. */
export class PlatformGateway extends Construct {
  readonly nodes: { readonly gateway: ApiObject; readonly certificate: ApiObject; readonly redirect: ApiObject };
  readonly topology: Topology;
  readonly hostnames: readonly Binding<string>[];

  constructor(scope: Construct, id: string, props: PlatformGatewayProps) {
    super(scope, id);
    const { topology, overrides } = props;
    this.topology = topology;
    this.hostnames = props.hostnames;
    const metadata = (suffix = '') => platformMetadata(topology, `${topology.name}${suffix}`);
    const hostnames = props.hostnames.map((hostname) => hostname.lower());
    const secretName = `${topology.name}-gateway-tls`;
    const allowedRoutes = { namespaces: { from: 'Same' } } as const;
    this.nodes = {
      certificate: certificate(
        this,
        'certificate',
        {
          metadata: metadata('-gateway'),
          spec: {
            secretName,
            dnsNames: hostnames,
            issuerRef: { ...props.issuer, group: 'cert-manager.io' },
            privateKey: { algorithm: 'ECDSA', size: 256, rotationPolicy: 'Always' },
            usages: ['digital signature', 'server auth'],
            revisionHistoryLimit: 1,
          },
        },
        overrides?.certificate,
      ),
      gateway: gateway(
        this,
        'gateway',
        {
          metadata: metadata(),
          spec: {
            gatewayClassName: props.className,
            listeners: [
              { name: HTTP_LISTENER, port: 80, protocol: 'HTTP', allowedRoutes },
              {
                name: HTTPS_LISTENER,
                port: 443,
                protocol: 'HTTPS',
                tls: { mode: 'Terminate', certificateRefs: [{ name: secretName }] },
                allowedRoutes,
              },
            ],
          },
        },
        overrides?.gateway,
      ),
      redirect: httpRoute(
        this,
        'redirect',
        {
          metadata: metadata('-redirect'),
          spec: {
            parentRefs: [{ name: topology.name, sectionName: HTTP_LISTENER }],
            hostnames,
            rules: [{ filters: [{ type: 'RequestRedirect', requestRedirect: { scheme: 'https', statusCode: 301 } }] }],
          },
        },
        overrides?.redirect,
      ),
    };
    this.nodes.gateway.addDependency(this.nodes.certificate);
    this.nodes.redirect.addDependency(this.nodes.gateway);
  }
}
