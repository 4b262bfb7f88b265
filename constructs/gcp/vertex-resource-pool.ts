import { vertex } from '@pulumi/gcp';
import { ComponentResource, type ComponentResourceOptions, type Input, type Output } from '@pulumi/pulumi';
import { ConstructError } from '../errors.ts';
import type { VertexDeletion } from './vertex-access.ts';
import { checkCapacity, dedicatedResources, type VertexMachine, type VertexReplicas } from './vertex-machine.ts';

export interface DeploymentResourcePoolArgs<Min extends number = number> {
  /** Lower-case letters, digits and hyphens, at most 63. */
  readonly poolName: string;
  readonly location: Input<string>;
  readonly machine: VertexMachine;
  readonly replicas: VertexReplicas<Min>;
  /** @default 'DELETE' */
  readonly deletion?: VertexDeletion;
  readonly overrides?: { readonly pool?: Partial<vertex.AiDeploymentResourcePoolArgs> };
}

const POOL_NAME = /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** Machines that several deployed models share: each is loaded on all of them. */
export class DeploymentResourcePool<Min extends number = number> extends ComponentResource {
  /** The raw resources. */
  readonly nodes: { readonly pool: vertex.AiDeploymentResourcePool };
  /** `projects/<project>/locations/<location>/deploymentResourcePools/<name>`: what a model is deployed on. */
  readonly resource: Output<string>;

  /**
   * @throws {ConstructError} `name-too-long`, `machine-unfit` for a machine that is not sold on demand: a pool takes
   *   neither Spot nor reservations; `quantity-malformed`
   */
  constructor(name: string, args: DeploymentResourcePoolArgs<Min>, options: ComponentResourceOptions = {}) {
    const { poolName, location, machine } = args;
    if (!POOL_NAME.test(poolName))
      throw new ConstructError(
        'name-too-long',
        'poolName',
        `received ${poolName}, expected at most 63 lower-case letters, digits and hyphens, beginning with a letter`,
      );
    checkCapacity('machine', machine, { type: 'on-demand' });
    const resources = dedicatedResources('machine', machine, args.replicas as VertexReplicas);
    super('penstock:gcp:DeploymentResourcePool', name, {}, options);
    const pool = new vertex.AiDeploymentResourcePool(
      `${name}-pool`,
      {
        name: poolName,
        region: location,
        dedicatedResources: resources,
        deletionPolicy: args.deletion ?? 'DELETE',
        ...args.overrides?.pool,
      },
      { parent: this, deleteBeforeReplace: true },
    );
    this.nodes = { pool };
    this.resource = pool.id;
    this.registerOutputs({ resource: this.resource });
  }
}
