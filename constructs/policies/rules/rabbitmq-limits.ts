import { specOf } from '../manifest.ts';
import { kindPolicy } from '../policy.ts';
import { quantityOf } from '../quantity.ts';
import { type RabbitSpec, rabbitSetting } from '../rabbitmq.ts';

/** Of the memory limit; the collector copies what it keeps. */
const MOST_OF_MEMORY = 0.6;

/** Rules 37 and 59, what makes publishers wait before the kernel or a full disk ends the node. */
export const rabbitmqLimits = kindPolicy(
  {
    id: 'rabbitmq-limits',
    rules: [37, 59],
    source: 'RabbitMQ documentation (memory, disk alarms, production checklist)',
    reason:
      'a node that may fill its memory or its disk is ended in the middle of a write, and comes back just as full',
  },
  ['RabbitmqCluster'],
  (manifest) => {
    const { resources, rabbitmq } = specOf<RabbitSpec>(manifest);
    const { requests = {}, limits = {} } = resources ?? {};
    const memory = quantityOf(limits['memory']);
    const setting = (key: string) => rabbitSetting(rabbitmq?.additionalConfig, key);
    const watermark = setting('vm_memory_high_watermark.absolute');
    return [
      requests['cpu'] === undefined && 'requests no cpu',
      (memory === undefined || requests['memory'] !== limits['memory']) && 'memory limit is not its request',
      ...(['requests', 'limits'] as const).map(
        (bound) => resources?.[bound]?.['ephemeral-storage'] === undefined && `${bound} state no ephemeral-storage`,
      ),
      watermark === undefined && 'does not state from which memory on publishers wait (vm_memory_high_watermark)',
      memory !== undefined &&
        Number(watermark) > memory * MOST_OF_MEMORY &&
        `lets publishers go on to ${watermark} bytes of the ${memory} it may have`,
      setting('disk_free_limit.absolute') === undefined &&
        'does not state from which free disk on publishers wait (disk_free_limit)',
    ];
  },
);
