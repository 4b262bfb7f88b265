import {
  all,
  ComponentResource,
  type ComponentResourceOptions,
  CustomResource,
  type CustomResourceOptions,
  type Inputs,
  type Output,
  type Resource,
} from '@pulumi/pulumi';
import { applyOrder, readyWhen } from '../apply-order.ts';
import type { LateBindings } from '../late-bindings.ts';
import { type EnvironmentKind, protectedIn } from './environment-kind.ts';
import type { KubernetesAccess } from './kubernetes-access.ts';

/** An object of Kubernetes, as much of it as is looked at. */
interface ClusterObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

export interface ClusterManifestsArgs {
  readonly access: KubernetesAccess;
  /** What cdk8s made, with placeholders of `bindings` in it where a `Binding` stood. */
  readonly manifests: readonly ClusterObject[];
  readonly bindings: LateBindings<Output<string>>;
  /** Production keeps its namespaces and what is stored in them. */
  readonly environment: EnvironmentKind;
  /** What has to be there before the first of them: operators with their definitions, and nodes. */
  readonly after: readonly Resource[];
}

/** With them goes what nobody can make again. */
const KEPT: readonly string[] = ['Namespace', 'PersistentVolumeClaim'];

/** Pulumi knows by itself when these are done. */
const NATIVE: readonly string[] = ['apps/v1', 'batch/v1'];

/** Pulumi would wait for pods that come only after them. */
const ENDLESS: readonly string[] = ['Service', 'PersistentVolumeClaim'];

/**
 * Objects in a cluster, a resource each: stage after stage, and away in reverse. The name of a resource is that of its
 * object, so that charts can be cut otherwise without anything being made anew.
 */
export class ClusterManifests extends ComponentResource {
  /** By stage, in order. */
  readonly nodes: ReadonlyMap<string, readonly CustomResource[]>;

  constructor(name: string, args: ClusterManifestsArgs, options: ComponentResourceOptions = {}) {
    super('penstock:gcp:ClusterManifests', name, {}, options);
    const { access, bindings, manifests } = args;
    const nodes = new Map<string, readonly CustomResource[]>();
    let before = args.after;
    for (const { id, objects } of applyOrder(manifests)) {
      const applied = objects.map((object) => {
        const filled = bindings.place(waiting(object), (values, fill) => all([...values]).apply(fill));
        return new AppliedObject(nameOf(object), object, filled as Inputs, {
          parent: this,
          provider: access.nodes.provider,
          dependsOn: [...before],
          ...(KEPT.includes(object.kind) ? protectedIn(args.environment) : {}),
        });
      });
      nodes.set(id, applied);
      before = applied;
    }
    this.nodes = nodes;
    this.registerOutputs({});
  }
}

/** As the classes of Pulumi's package are, one for each kind there is: the provider knows a kind by the type. */
class AppliedObject extends CustomResource {
  constructor(name: string, { apiVersion, kind }: ClusterObject, inputs: Inputs, options: CustomResourceOptions) {
    // Only the oldest group has no name.
    super(`kubernetes:${apiVersion === 'v1' ? 'core/v1' : apiVersion}:${kind}`, name, inputs, options);
  }
}

/** e.g. `Deployment/mailroom/mailroom-classify`. */
const nameOf = ({ kind, metadata: { namespace, name } }: ClusterObject): string =>
  [kind, ...(namespace === undefined ? [] : [namespace]), name].join('/');

/** The same object, and by which condition Pulumi takes it for done where it does not know by itself. */
function waiting(object: ClusterObject): ClusterObject {
  const { apiVersion, kind, metadata } = object;
  const condition = NATIVE.includes(apiVersion) ? undefined : readyWhen(object);
  const annotations = {
    ...(ENDLESS.includes(kind) && apiVersion === 'v1' ? { 'pulumi.com/skipAwait': 'true' } : {}),
    ...(condition === undefined ? {} : { 'pulumi.com/waitFor': `condition=${condition}` }),
  };
  if (Object.keys(annotations).length === 0) return object;
  return { ...object, metadata: { ...metadata, annotations: { ...metadata.annotations, ...annotations } } };
}
