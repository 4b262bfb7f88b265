import type { Bytes } from '@penstock/model';
import type { ApiObject } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { ConstructError } from '../errors.ts';
import { suppressionOf } from '../suppression.ts';
import { emit, type Override } from './api-object.ts';
import { configFingerprint } from './config-fingerprint.ts';
import { externalSecret } from './crd/external-secret.ts';
import { oneAtATime } from './disruption-budget.ts';
import type { ImageReference } from './image.ts';
import { byteQuantity } from './lowering.ts';
import { networkPolicy, type Peer, tcp } from './network-flow.ts';
import { VALKEY_PORTS, type ValkeyMode, valkeyConfig } from './valkey-config.ts';
import { valkeyPods } from './valkey-pods.ts';
import { ValkeyService } from './valkey-service.ts';
import { type ValkeyUsers, valkeyUsers } from './valkey-users.ts';

interface CommonProps {
  /** @default 'valkey' */
  readonly name?: string;
  /** Has to be there, and held to the restricted Pod Security Standard. */
  readonly namespace: string;
  readonly images: {
    readonly server: ImageReference;
    /** Without one its monitor finds nothing. @default - nothing is measured */
    readonly exporter?: ImageReference;
  };
  /** Of each server. */
  readonly resources: { readonly cpu: number; readonly memory: Bytes };
  /** Who may do what. A password that changed in the store is read when its pod starts. */
  readonly users: ValkeyUsers;
  /** Where their passwords are kept; only what they hash to reaches the cluster. */
  readonly store: { readonly name: string; readonly kind: 'SecretStore' | 'ClusterSecretStore' };
  /** Secret with `tls.crt`, `tls.key` and `ca.crt`: clients are let in by TLS alone. @default - no encryption */
  readonly tlsSecret?: string;
  readonly clientNamespaces: readonly string[];
  /** Who scrapes. @default 'monitoring' */
  readonly monitoringNamespace?: string;
  readonly overrides?: Readonly<Partial<Record<keyof ValkeyCacheNodes, Override>>>;
}

export type ValkeyCacheProps = CommonProps & ValkeyMode;

export interface ValkeyCacheNodes {
  readonly config: ApiObject;
  readonly users: ApiObject;
  readonly serviceAccount: ApiObject;
  readonly service: ApiObject;
  readonly statefulSet: ApiObject;
  readonly disruptionBudget: ApiObject;
  readonly networkPolicy: ApiObject;
}

/** Valkey for what is dear to compute and may be lost, or on one disk for what may not. */
export class ValkeyCache extends Construct {
  readonly nodes: ValkeyCacheNodes;
  /** How the rest of the platform knows it. */
  readonly service: ValkeyService;

  /** @throws {ConstructError} `resources-too-small` for a volume that a log written anew would fill */
  constructor(scope: Construct, id: string, props: ValkeyCacheProps) {
    super(scope, id);
    const { namespace, resources, users, tlsSecret, overrides } = props;
    const name = props.name ?? 'valkey';
    check(name, props);
    this.service = new ValkeyService({
      name,
      namespace,
      servers: props.mode === 'cache' ? props.servers : 1,
      isDurable: props.mode === 'durable',
      tls: tlsSecret !== undefined,
    });
    const labels = this.service.podLabels;
    const metadata = (suffix = '', annotations: Readonly<Record<string, string>> = {}) => ({
      name: `${name}${suffix}`,
      namespace,
      labels: { ...labels, 'app.kubernetes.io/component': 'cache', 'app.kubernetes.io/managed-by': 'penstock' },
      annotations,
    });
    const config = valkeyConfig({
      mode: props,
      memory: resources.memory,
      ...(tlsSecret === undefined ? {} : { tlsFolder: TLS_FOLDER }),
    });
    const usersFile = valkeyUsers(users, hashInStore);
    this.nodes = {
      config: emit(
        this,
        'config',
        k8s.KubeConfigMap.manifest({ metadata: metadata('-config'), data: { 'valkey.conf': config } }),
        overrides?.config,
      ),
      users: externalSecret(
        this,
        'users',
        { metadata: metadata('-users'), spec: usersSpec(`${name}-users`, props, usersFile) },
        overrides?.users,
      ),
      serviceAccount: emit(
        this,
        'service-account',
        k8s.KubeServiceAccount.manifest({ metadata: metadata(), automountServiceAccountToken: false }),
        overrides?.serviceAccount,
      ),
      service: emit(this, 'service', headless(metadata(), labels), overrides?.service),
      statefulSet: emit(
        this,
        'stateful-set',
        statefulSet(
          props,
          this.service,
          metadata('', this.service.servers > 1 ? {} : ALONE),
          configFingerprint(config + usersFile),
        ),
        overrides?.statefulSet,
      ),
      disruptionBudget: emit(this, 'disruption-budget', oneAtATime(metadata(), labels), overrides?.disruptionBudget),
      networkPolicy: networkPolicy(this, 'network-policy', metadata(), rules(props, labels), overrides?.networkPolicy),
    };
  }
}

const TLS_FOLDER = '/etc/valkey-tls';
const ALONE = { [suppressionOf('replicas-spread')]: 'one server: a second one would have other data' };
/** Go's duration. */
const REFRESH = '1h';

/** The operator computes it: neither password nor hash is in a manifest. */
const hashInStore = (name: string): string => `{{ index . "${name}" | trim | sha256sum }}`;

function check(name: string, props: ValkeyCacheProps): void {
  if (props.mode !== 'durable' || props.storage.size.bytes >= 2 * props.resources.memory.bytes) return;
  throw new ConstructError(
    'resources-too-small',
    `Valkey ${name}`,
    `received a volume of ${props.storage.size}, expected at least ${props.resources.memory.times(2)}: while it writes its log anew, the old one is still there`,
  );
}

const usersSpec = (name: string, { store, users }: ValkeyCacheProps, file: string) => ({
  refreshInterval: REFRESH,
  secretStoreRef: store,
  target: {
    name,
    creationPolicy: 'Owner',
    deletionPolicy: 'Retain',
    template: { engineVersion: 'v2', data: { 'users.acl': file } },
  } as const,
  data: Object.entries(users as Readonly<Record<string, ValkeyUsers[string]>>).map(([secretKey, { password }]) => ({
    secretKey,
    remoteRef: password.lower(),
  })),
});

/** Every pod by its name, and no address before them: two servers of a cache are not the same. */
const headless = (metadata: k8s.ObjectMeta, selector: Readonly<Record<string, string>>): unknown =>
  k8s.KubeService.manifest({
    metadata,
    spec: {
      clusterIp: 'None',
      selector,
      ports: [{ name: 'client', port: VALKEY_PORTS.client, targetPort: k8s.IntOrString.fromString('client') }],
    },
  });

function statefulSet(
  props: ValkeyCacheProps,
  { name, servers, isDurable, podLabels }: ValkeyService,
  metadata: k8s.ObjectMeta,
  configFingerprint: string,
): unknown {
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata,
    spec: {
      serviceName: name,
      replicas: servers,
      podManagementPolicy: 'Parallel',
      updateStrategy: { type: 'RollingUpdate' },
      revisionHistoryLimit: 3,
      ...(isDurable ? { persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' } } : {}),
      selector: { matchLabels: podLabels },
      template: valkeyPods({
        name,
        labels: podLabels,
        servers,
        images: props.images,
        resources: props.resources,
        configFingerprint,
        isDurable,
        usersSecret: `${name}-users`,
        ...(props.tlsSecret === undefined ? {} : { tls: { secret: props.tlsSecret, folder: TLS_FOLDER } }),
      }),
      ...(props.mode === 'durable'
        ? {
            volumeClaimTemplates: [
              {
                metadata: { name: 'data' },
                spec: {
                  accessModes: ['ReadWriteOnce'],
                  storageClassName: props.storage.storageClass,
                  resources: { requests: { storage: byteQuantity(props.storage.size) } },
                },
              },
            ],
          }
        : {}),
    },
  };
}

/** Clients and who scrapes; it calls nobody. */
function rules(props: ValkeyCacheProps, pods: Readonly<Record<string, string>>) {
  const from = (peer: Peer, port: number) => ({ peer, ports: [tcp(port)] });
  return {
    pods,
    ingress: [
      ...props.clientNamespaces.map((namespace) => from({ namespace }, VALKEY_PORTS.client)),
      ...(props.images.exporter === undefined
        ? []
        : [from({ namespace: props.monitoringNamespace ?? 'monitoring' }, VALKEY_PORTS.metrics)]),
    ],
    egress: [],
  };
}
