import type { ApiObject } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { emit, type Override } from './api-object.ts';
import { sharingName, type TimeSlicing } from './gpu-sharing.ts';
import { clusterMetadata } from './labels.ts';

/** Where the chart of the device plugin is told to look. */
export const DEVICE_PLUGIN_CONFIG = { name: 'device-plugin-config', namespace: 'nvidia-device-plugin' } as const;

export interface DevicePluginConfigProps {
  /** Ways of sharing that some pool of Amazon Linux nodes has. */
  readonly sharing: readonly TimeSlicing[];
  readonly overrides?: { readonly config?: Override };
}

/**
 * The configurations of NVIDIA's device plugin, one for each way of sharing; a node picks one by its label. The plugin
 * itself comes by its chart (docs/adr). Nodes of Bottlerocket have a plugin of their own and read none of this.
 */
export class DevicePluginConfig extends Construct {
  readonly nodes: { readonly config: ApiObject };

  constructor(scope: Construct, id: string, props: DevicePluginConfigProps) {
    super(scope, id);
    const all: readonly (TimeSlicing | undefined)[] = [undefined, ...props.sharing];
    this.nodes = {
      config: emit(
        this,
        'config',
        k8s.KubeConfigMap.manifest({
          metadata: { ...clusterMetadata(DEVICE_PLUGIN_CONFIG.name, 'gpu-nodes'), ...DEVICE_PLUGIN_CONFIG },
          data: Object.fromEntries(all.map((sharing) => [sharingName(sharing), configuration(sharing)])),
        }),
        props.overrides?.config,
      ),
    };
  }
}

/** JSON is YAML; the plugin reads either. */
const configuration = (sharing: TimeSlicing | undefined): string =>
  `${JSON.stringify(
    {
      version: 'v1',
      flags: { migStrategy: 'none', failOnInitError: true },
      ...(sharing === undefined
        ? {}
        : {
            sharing: {
              timeSlicing: {
                renameByDefault: false,
                // Two turns on the same device are no second device.
                failRequestsGreaterThanOne: true,
                resources: [{ name: 'nvidia.com/gpu', replicas: sharing.clients }],
              },
            },
          }),
    },
    undefined,
    2,
  )}\n`;
