import { Bytes, type BytesInput, type GkeAccelerator } from '@penstock/model';
import type { types } from '@pulumi/gcp';
import type { Input } from '@pulumi/pulumi';
import { ConstructError } from '../errors.ts';
import { hardenedNode } from './node-config.ts';
import type { TPU_GENERATIONS, TpuGeneration } from './tpu-slice.ts';

/** As GKE names devices in a limit. */
export type LimitedDevice = GkeAccelerator | (typeof TPU_GENERATIONS)[TpuGeneration]['accelerator'];

/**
 * What GKE may add by itself in pools of its own making, all nodes of the cluster together. A device without a limit is never
 * bought: that is the bill's only upper end.
 */
export interface NodeAutoProvisioning {
  readonly maxCpus: number;
  readonly maxMemory: BytesInput;
  /** Devices by their name. @default - none */
  readonly maxDevices?: Readonly<Partial<Record<LimitedDevice, number>>>;
}

type Lowered = types.input.container.ClusterClusterAutoscaling;

/**
 * The limits, and the settings of nodes that nobody writes a pool for: those of every other node, as far as there is a
 * place for them.
 *
 * @throws {ConstructError} `quantity-malformed` for a limit that lets nothing in
 */
export function nodeAutoProvisioning(
  path: string,
  limits: NodeAutoProvisioning | undefined,
  node: {
    readonly serviceAccount: Input<string>;
    readonly bootDiskKmsKey: Input<string>;
    readonly zones: readonly string[];
  },
): Lowered {
  // GPUs are dear: nodes go as soon as what is left on them fits elsewhere.
  const profile = { autoscalingProfile: 'OPTIMIZE_UTILIZATION' };
  if (limits === undefined) return { enabled: false, ...profile };
  const memory = Bytes.is(limits.maxMemory) ? limits.maxMemory : Bytes.parse(limits.maxMemory);
  const limit = (resourceType: string, maximum: number) => {
    if (!(Number.isSafeInteger(maximum) && maximum > 0))
      throw new ConstructError(
        'quantity-malformed',
        `${path}.${resourceType}`,
        `received ${maximum}, expected a whole number above 0, or no limit for what is never bought`,
      );
    return { resourceType, maximum };
  };
  const { imageType, oauthScopes, shieldedInstanceConfig, serviceAccount, bootDiskKmsKey } = hardenedNode(node);
  return {
    enabled: true,
    ...profile,
    autoProvisioningLocations: [...node.zones],
    resourceLimits: [
      limit('cpu', limits.maxCpus),
      limit('memory', Math.floor(memory.bytes / 2 ** 30)),
      ...Object.entries(limits.maxDevices ?? {}).map(([device, most]) => limit(device, most)),
    ],
    autoProvisioningDefaults: {
      imageType,
      oauthScopes: [...oauthScopes],
      shieldedInstanceConfig,
      serviceAccount,
      bootDiskKmsKey,
      management: { autoRepair: true, autoUpgrade: true },
    },
  };
}
