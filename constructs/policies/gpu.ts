import { GPU_RESOURCE } from '@penstock/model';
import { type Container, containersOf, type Labels, type Manifest, type PodSpec, podsOf, specOf } from './manifest.ts';

export const GPU = GPU_RESOURCE;

/** Whole devices and slices of them (`nvidia.com/mig-1g.10gb`). */
const isDevice = (resource: string): boolean => resource === GPU || /^nvidia\.com\/(mig-|gpu\.)/.test(resource);

/** GPUs or slices that one container asks for. */
export const gpusOf = ({ resources: { limits = {}, requests = {} } = {} }: Container): number =>
  Object.entries({ ...requests, ...limits }).reduce(
    (sum, [resource, amount]) => (isDevice(resource) ? sum + Number(amount) : sum),
    0,
  );

/** True when a pod is given a device, as a resource or by a claim. */
export const usesGpu = (pod: PodSpec): boolean =>
  (pod.resourceClaims ?? []).length > 0 || containersOf(pod).some((container) => gpusOf(container) > 0);

/** What answers requests and stays: jobs come and go. */
export const SERVING: readonly string[] = ['Deployment', 'StatefulSet', 'LeaderWorkerSet'];

/** True when it does so on a GPU. */
export const servesOnGpu = (manifest: Manifest): boolean =>
  SERVING.includes(manifest.kind) && podsOf(manifest).some(usesGpu);

export interface NodePoolSpec {
  readonly limits: Readonly<Record<string, string | number>>;
  readonly disruption: {
    readonly consolidationPolicy?: string;
    readonly consolidateAfter?: string;
    readonly budgets?: readonly { readonly nodes?: string }[];
  };
  readonly template: {
    readonly metadata?: { readonly labels?: Labels };
    readonly spec?: {
      readonly expireAfter?: string;
      readonly terminationGracePeriod?: string;
      readonly nodeClassRef?: { readonly kind?: string; readonly name?: string };
      readonly requirements?: readonly Requirement[];
      readonly taints?: readonly { readonly key?: string; readonly value?: string; readonly effect?: string }[];
    };
  };
}

interface Requirement {
  readonly key?: string;
  readonly operator?: string;
  readonly values?: readonly string[];
}

/** Families of Amazon EC2 with NVIDIA devices: g4dn, g5, g6e, gr6, p4d, p5 and those to come. */
const GPU_FAMILY = /^(g|gr|p)\d/;

/** Values that a pool requires of a label; undefined when it lets any pass. */
export const requiredOf = (pool: Manifest, label: string): readonly string[] | undefined =>
  specOf<NodePoolSpec>(pool).template?.spec?.requirements?.find(
    ({ key, operator }) => key === label && operator === 'In',
  )?.values;

/** True when the nodes of a Karpenter pool have GPUs. */
export function isGpuPool(pool: Manifest): boolean {
  if (pool.kind !== 'NodePool') return false;
  const { limits = {}, template } = specOf<NodePoolSpec>(pool);
  const { requirements = [], taints = [] } = template?.spec ?? {};
  return (
    limits[GPU] !== undefined ||
    taints.some(({ key }) => key === GPU) ||
    requirements.some(
      ({ key = '', operator, values = [] }) =>
        (key.includes('/instance-gpu-') && operator !== 'DoesNotExist') ||
        (/\/instance-(type|family)$/.test(key) && operator === 'In' && values.some((value) => GPU_FAMILY.test(value))),
    )
  );
}
