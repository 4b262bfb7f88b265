import { type Bytes, GPU_RESOURCE, type Topology } from '@penstock/model';
import type { ApiObject } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { emit, type Override } from './api-object.ts';
import { type Footprint, footprintsOf, totalOf } from './footprint.ts';
import { platformMetadata } from './labels.ts';
import { byteQuantity, cpuQuantity, quantity } from './lowering.ts';
import { DNS, networkPolicy } from './network-flow.ts';

export interface NamespaceBaselineProps {
  readonly topology: Topology;
  readonly name: string;
  /** What has to find room in it. @default - every workload of the topology */
  readonly footprints?: readonly Footprint[];
  /** Storage that claims may take together. */
  readonly claims: { readonly count: number; readonly storage: Bytes };
  readonly overrides?: {
    readonly namespace?: Override;
    readonly quota?: Override;
    readonly limits?: Override;
    readonly defaultDeny?: Override;
    readonly allowDns?: Override;
  };
}

/** The Pod Security Standard that every pod of the namespace is held to, by name. */
const POD_SECURITY = 'restricted';

/** A namespace that refuses what nobody allowed: privileged pods, unknown traffic, more than the topology can use. */
export class NamespaceBaseline extends Construct {
  readonly nodes: {
    readonly namespace: ApiObject;
    readonly quota: ApiObject;
    readonly limits: ApiObject;
    readonly defaultDeny: ApiObject;
    readonly allowDns: ApiObject;
  };

  constructor(scope: Construct, id: string, props: NamespaceBaselineProps) {
    super(scope, id);
    const { topology, overrides } = props;
    const footprints = props.footprints ?? footprintsOf(topology);
    const metadata = (name: string) => ({ ...platformMetadata(topology, name), namespace: props.name });
    this.nodes = {
      namespace: emit(this, 'namespace', namespace(metadata(props.name)), overrides?.namespace),
      quota: emit(this, 'quota', quota(metadata(topology.name), totalOf(footprints), props.claims), overrides?.quota),
      limits: emit(this, 'limits', limits(metadata(topology.name), footprints), overrides?.limits),
      defaultDeny: networkPolicy(
        this,
        'default-deny',
        metadata('default-deny'),
        { pods: {}, ingress: [], egress: [] },
        overrides?.defaultDeny,
      ),
      allowDns: networkPolicy(
        this,
        'allow-dns',
        metadata('allow-dns'),
        {
          pods: {},
          egress: [DNS],
        },
        overrides?.allowDns,
      ),
    };
    for (const node of [this.nodes.quota, this.nodes.limits, this.nodes.defaultDeny, this.nodes.allowDns]) {
      node.addDependency(this.nodes.namespace);
    }
  }
}

/** The chart that holds it must have no namespace of its own: this is the one object that lies in none. */
function namespace({ namespace: _, ...metadata }: k8s.ObjectMeta): unknown {
  const modes = ['enforce', 'audit', 'warn'];
  const security = Object.fromEntries(modes.map((mode) => [`pod-security.kubernetes.io/${mode}`, POD_SECURITY]));
  return k8s.KubeNamespace.manifest({ metadata: { ...metadata, labels: { ...metadata.labels, ...security } } });
}

function quota(metadata: k8s.ObjectMeta, total: Footprint, claims: NamespaceBaselineProps['claims']): unknown {
  const memory = quantity(byteQuantity(total.resources.memory));
  const ephemeralStorage = quantity(byteQuantity(total.resources.ephemeralStorage));
  return k8s.KubeResourceQuota.manifest({
    metadata,
    spec: {
      hard: {
        pods: k8s.Quantity.fromNumber(total.pods),
        'requests.cpu': quantity(cpuQuantity(total.resources.cpu)),
        'requests.memory': memory,
        'limits.memory': memory,
        'requests.ephemeral-storage': ephemeralStorage,
        'limits.ephemeral-storage': ephemeralStorage,
        // Nobody else's either: the dearest thing in the cluster is not there for whoever asks.
        [`requests.${GPU_RESOURCE}`]: k8s.Quantity.fromNumber(total.gpus),
        persistentvolumeclaims: k8s.Quantity.fromNumber(claims.count),
        'requests.storage': quantity(byteQuantity(claims.storage)),
        'services.loadbalancers': k8s.Quantity.fromNumber(0),
        'services.nodeports': k8s.Quantity.fromNumber(0),
      },
    },
  });
}

/** A container that states nothing gets what the smallest workload has; none gets more than the largest. */
function limits(metadata: k8s.ObjectMeta, footprints: readonly Footprint[]): unknown {
  // Where nothing has to find room, nothing gets any.
  const sizes = footprints.length === 0 ? [totalOf(footprints)] : footprints;
  const by = <T>(pick: (footprint: Footprint) => T, wins: (a: T, b: T) => boolean): T =>
    sizes.map(pick).reduce((best, each) => (wins(each, best) ? each : best));
  const memory = (footprint: Footprint) => footprint.resources.memory;
  const storage = (footprint: Footprint) => footprint.resources.ephemeralStorage;
  const less = (a: Bytes, b: Bytes) => a.bytes < b.bytes;
  const more = (a: Bytes, b: Bytes) => a.bytes > b.bytes;
  const least = {
    memory: quantity(byteQuantity(by(memory, less))),
    'ephemeral-storage': quantity(byteQuantity(by(storage, less))),
  };
  const cpu = by(
    (footprint) => footprint.resources.cpu,
    (a, b) => a < b,
  );
  return k8s.KubeLimitRange.manifest({
    metadata,
    spec: {
      limits: [
        {
          type: 'Container',
          default: least,
          defaultRequest: { ...least, cpu: quantity(cpuQuantity(cpu)) },
          max: {
            memory: quantity(byteQuantity(by(memory, more))),
            'ephemeral-storage': quantity(byteQuantity(by(storage, more))),
          },
        },
      ],
    },
  });
}
