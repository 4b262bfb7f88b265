import type { BytesText, GpuMachine, RateText } from '@penstock/model';
import type {
  Collector,
  Flow,
  IssuerReference,
  NatsServiceProps,
  NatsSize,
  RouteMatch,
  SyncedSecretProps,
} from '../../constructs/kubernetes/index.ts';

/** An image by its name; or a claim, or a bucket of Cloud Storage, with a folder `<model>/<revision>`. */
export type WeightsPlace = string | { readonly volume: string } | CloudStoragePlace;

/** A query API that lets in whoever the cloud knows. */
export interface CloudPrometheus {
  readonly url: string;
  /** KEDA asks as its own account of Google. */
  readonly identity: 'gcp';
}

interface CloudStoragePlace {
  readonly bucket: string;
  /** What may be kept of it on the disk of a node. */
  readonly cache: BytesText;
}

/** What is so in one cluster and cannot follow from the declaration. */
export interface KubernetesEnvironment {
  readonly name: string;
  readonly namespace: string;
  /** Image of each service, by the name it declares: a digest, or a tag that the registry keeps immutable. */
  readonly images: Readonly<Record<string, string>>;
  /** The files of an engine's model at its declared revision, by the engine's id. */
  readonly weights: Readonly<Record<string, WeightsPlace>>;
  /** Machine type behind the nodes of an engine on GPUs, by its id. @default - there is no such engine */
  readonly machines?: Readonly<Record<string, GpuMachine['name']>>;
  /**
   * Engines that something outside of the cluster serves, by their ids: the address of each, in the words of the kit, by the
   * id of who calls it. @default - the cluster serves all
   */
  readonly outsideEngines?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** NATS that is there already and lets anyone in, or servers of this platform alone. */
  readonly nats: { readonly existing: NatsServiceProps } | { readonly cluster: BrokerEnvironment };
  /** Disk that each stream may take on every NATS server. */
  readonly streamSize: BytesText;
  /** The volume that holds the effects of a worker. */
  readonly effects: { readonly storageClass: string; readonly size: BytesText };
  /** The namespace whose Prometheus scrapes the platform. */
  readonly monitoringNamespace: string;
  /** @default 'prometheus-operator' */
  readonly collector?: Collector;
  /** Who keeps what of the traces. @default - nobody traces */
  readonly traces?: TracesEnvironment;
  /** Query API of its Prometheus, by which workers are scaled before a backlog has grown. @default - by backlog alone */
  readonly prometheus?: string | CloudPrometheus;
  /** Where docs/alerts.md is to be read: alerts link to their part of it. @default - they link to nothing */
  readonly runbooks?: string;
  /** What a service asks for by name beside its bus, effects and engines: files in its image. By the worker's id. */
  readonly addresses: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Secrets that a workload reads as files, by its id: of each file its key in the store. @default - none */
  readonly secrets?: Readonly<Record<string, WorkloadSecrets>>;
  /** Annotations by which a cloud knows the account of a workload, by its id. @default - no cloud does */
  readonly accounts?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** What a workload speaks to outside of the cluster, by its id. @default - nothing */
  readonly reaches?: Readonly<Record<string, readonly Flow[]>>;
  /** How engines are reached from outside of the cluster. @default - they are not */
  readonly edge?: EdgeEnvironment;
}

/** What is kept of the traces of a platform, and who keeps it. */
export interface TracesEnvironment {
  /** OpenTelemetry's collector with its contributed components. */
  readonly image: string;
  /** How many traces without anything remarkable are kept, over the whole platform. */
  readonly kept: RateText;
  readonly backend: /** Takes OTLP over HTTP; without the path. */
    | { readonly kind: 'otlp'; readonly endpoint: string }
    | { readonly kind: 'x-ray'; readonly endpoint: string; readonly region: string }
    | { readonly kind: 'cloud-trace'; readonly project: string };
  /** How the collector gets there, and to who lends it its rights. */
  readonly reaches: readonly Flow[];
  /** Annotations by which a cloud knows its account. @default - no cloud does */
  readonly account?: Readonly<Record<string, string>>;
}

/** Files in `/var/run/secrets/penstock/<id>-secrets`, and where the value of each is kept. */
export interface WorkloadSecrets {
  readonly store: SyncedSecretProps['store'];
  readonly files: Readonly<Record<string, { readonly key: string; readonly property?: string }>>;
}

/** NATS servers of one platform, in a cluster with cert-manager and the External Secrets operator. */
export type BrokerEnvironment = NatsSize & {
  /** Of the servers alone. */
  readonly namespace: string;
  readonly images: { readonly server: string; readonly exporter: string; readonly reloader: string };
  /** Of each server. */
  readonly storage: { readonly storageClass: string; readonly size: BytesText };
  /** Of each server. */
  readonly resources: { readonly cpu: number; readonly memory: BytesText };
  readonly issuer: IssuerReference;
  /** Where secrets are kept, by their keys there. */
  readonly secrets: {
    readonly store: SyncedSecretProps['store'];
    /** Certificate of the authority that the issuer signs by. */
    readonly authority: string;
  };
  /** NACK: where it runs, and who it is. */
  readonly operator: NatsKey & { readonly namespace: string };
  /** Of each workload that takes from a queue or publishes to one, by its id. */
  readonly clients: Readonly<Record<string, NatsKey>>;
  /** Who publishes from other namespaces, to which queues. @default - nobody */
  readonly publishers?: readonly {
    readonly namespace: string;
    readonly publicKey: string;
    readonly queues: readonly string[];
  }[];
};

/** A user key: its public part, and the key of its seed in the store of secrets. */
export interface NatsKey {
  /** As `nk -gen user -pubout` prints it. */
  readonly publicKey: string;
  readonly seed: string;
}

/** A cluster with a controller of the Gateway API and cert-manager. */
export interface EdgeEnvironment {
  /** Class that the controller serves. */
  readonly className: string;
  readonly issuer: IssuerReference;
  /** The namespace whose pods carry the gateway's traffic. */
  readonly dataPlaneNamespace: string;
  /** What is let through to which engine or service, by its id. */
  readonly servers: Readonly<Record<string, { readonly hostname: string; readonly match: RouteMatch }>>;
}
