import { CfnResource, RemovalPolicy } from 'aws-cdk-lib';
import { type ICluster, KubernetesManifest } from 'aws-cdk-lib/aws-eks-v2';
import { Construct, type IConstruct } from 'constructs';
import { applyOrder } from '../apply-order.ts';
import { ConstructError } from '../errors.ts';

/** An object of Kubernetes, as much of it as is looked at. */
interface ClusterObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly [field: string]: unknown;
}

/** A cluster that CloudFormation can apply objects to. */
export interface ManifestTarget {
  /** Applies some objects at once. The construct that comes back is what later ones wait for. */
  apply(scope: Construct, id: string, objects: readonly ClusterObject[]): IConstruct;
}

/**
 * Applies to EKS by the function that its construct brings. Nothing is pruned: an object that moves from one part to
 * another between two deployments would be deleted by the one before the other makes it again. And nothing is only made:
 * what is there already, from another part or from a stack before this one, becomes what is declared.
 */
export const eksManifests = (cluster: ICluster): ManifestTarget => ({
  apply: (scope, id, objects) =>
    new KubernetesManifest(scope, id, {
      cluster,
      manifest: objects.map((object) => ({ ...object })),
      prune: false,
      overwrite: true,
    }),
});

export interface ClusterManifestsProps {
  readonly target: ManifestTarget;
  /** What cdk8s made, with CDK's own tokens in it where a `Binding` stood. */
  readonly manifests: readonly ClusterObject[];
  /** What has to be there before the first of them. @default - nothing but the cluster */
  readonly after?: readonly IConstruct[];
}

/**
 * Characters of one part. Amazon hands a function 256 KiB at most, and an update carries what was and what is; what
 * remains is for tokens, whose length nobody knows before the deployment.
 */
const LARGEST_PART = 100_000;
/** CloudFormation takes a megabyte of template. */
const LARGEST_STACK = 900_000;

/**
 * Objects in a cluster, in parts that CloudFormation can carry, each stage after the one before it. CloudFormation waits
 * until a part was accepted, not until what is in it is ready: who depends on more has to try again, as pods do.
 * What leaves the declaration stays in the cluster until a person deletes it.
 */
export class ClusterManifests extends Construct {
  /** By stage, in order; each has its parts. */
  readonly nodes: ReadonlyMap<string, readonly IConstruct[]>;

  /** @throws {ConstructError} `manifest-too-large` for one object, or for all of them together */
  constructor(scope: Construct, id: string, { target, manifests, after }: ClusterManifestsProps) {
    const stages = applyOrder(manifests).map((stage) => ({ stage: stage.id, parts: partsOf(stage.objects) }));
    const total = manifests.reduce((sum, object) => sum + sizeOf(object), 0);
    if (total > LARGEST_STACK)
      throw new ConstructError(
        'manifest-too-large',
        id,
        `${manifests.length} objects take ${total} characters, expected ${LARGEST_STACK}: make two stacks of them`,
      );

    super(scope, id);
    const nodes = new Map<string, readonly IConstruct[]>();
    let before = after ?? [];
    for (const { stage, parts } of stages) {
      const applied = parts.map((objects, part) => target.apply(this, `${stage}-${part + 1}`, objects));
      for (const each of applied) {
        each.node.addDependency(...before);
        // A part that is gone because its objects moved would take them along.
        for (const resource of each.node.findAll())
          if (CfnResource.isCfnResource(resource)) resource.applyRemovalPolicy(RemovalPolicy.RETAIN);
      }
      nodes.set(stage, applied);
      before = applied;
    }
    this.nodes = nodes;
  }
}

/** In the order they came, as many at once as fit. */
function partsOf<T extends ClusterObject>(objects: readonly T[]): readonly (readonly T[])[] {
  const parts: T[][] = [];
  let room = 0;
  for (const object of objects) {
    const size = sizeOf(object);
    if (size > LARGEST_PART)
      throw new ConstructError(
        'manifest-too-large',
        `${object.kind}/${object.metadata.name}`,
        `takes ${size} characters, expected ${LARGEST_PART}: bring it by the chart of its operator`,
      );
    if (size > room) {
      parts.push([]);
      room = LARGEST_PART;
    }
    parts.at(-1)?.push(object);
    room -= size;
  }
  return parts;
}

/** It goes as a text inside of a text: every quotation mark counts twice. */
const sizeOf = (object: ClusterObject): number => JSON.stringify(JSON.stringify(object)).length;
