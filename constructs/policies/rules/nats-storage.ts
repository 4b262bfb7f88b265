import { configOf, settingOf } from '../mounted-config.ts';
import { isNatsServer } from '../nats.ts';
import { kindPolicy } from '../policy.ts';

/** Rule 58, the servers' part. */
export const natsStorage = kindPolicy(
  {
    id: 'nats-storage',
    rules: [58],
    source: 'NATS documentation (JetStream configuration)',
    reads: ['ConfigMap'],
    reason:
      'a store without a bound takes what it finds of the disk, and an ack means a disk write only where it is said',
  },
  ['StatefulSet'],
  (manifest, all) => {
    if (!isNatsServer(manifest)) return [];
    const config = configOf(manifest, all);
    const states = (...keys: readonly string[]) => keys.some((key) => settingOf(config, key) !== undefined);
    return [
      !states('max_file_store', 'max_file') && 'states no bound of its file store (max_file_store)',
      !states('max_memory_store', 'max_mem') && 'states no bound of its memory store (max_memory_store)',
      !states('sync_interval', 'sync') && 'does not say when it writes to the disk (sync_interval)',
    ];
  },
);
