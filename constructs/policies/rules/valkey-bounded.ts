import { specOf } from '../manifest.ts';
import { configOf, settingOf } from '../mounted-config.ts';
import { kindPolicy } from '../policy.ts';
import { quantityOf } from '../quantity.ts';
import { valkeyServer } from '../valkey.ts';

/** Of the memory limit; a server with a log copies the pages that are written while it writes the log anew. */
const MOST = { cache: 0.85, durable: 0.6 } as const;

/** Rules 37 and 61, what it keeps and where. */
export const valkeyBounded = kindPolicy(
  {
    id: 'valkey-bounded',
    rules: [37, 61],
    source: 'Valkey documentation (memory optimization, persistence)',
    reads: ['ConfigMap'],
    reason: 'a server without a bound is ended by the kernel with all it holds, and comes back with what its disk has',
  },
  ['Deployment', 'StatefulSet'],
  (manifest, all) => {
    const server = valkeyServer(manifest);
    if (server === undefined) return [];
    const config = configOf(manifest, all);
    const setting = (key: string) => settingOf(config, key);
    const { volumeClaimTemplates = [] } = specOf<{ volumeClaimTemplates: readonly unknown[] }>(manifest);
    const mode = setting('appendonly') === 'yes' ? 'durable' : 'cache';
    const limit = quantityOf(server.resources?.limits?.['memory']);
    const most = setting('maxmemory');
    const policy = setting('maxmemory-policy');
    return [
      most === undefined && 'does not bound its data (maxmemory)',
      limit !== undefined &&
        Number(most) > limit * MOST[mode] &&
        `takes data of ${most} bytes into ${limit}, expected at most ${MOST[mode] * 100} % as a ${mode} server`,
      setting('appendonly') === undefined && 'does not say whether its data is to last (appendonly)',
      policy === undefined && 'does not say what happens when it is full (maxmemory-policy)',
      mode === 'durable' &&
        policy !== undefined &&
        policy !== 'noeviction' &&
        `forgets what it was to keep when it is full (${policy})`,
      mode === 'cache' &&
        policy === 'noeviction' &&
        'refuses to write when it is full, where nothing it holds has to last (noeviction)',
      mode === 'durable' && setting('appendfsync') === undefined && 'does not say when its log is on the disk',
      mode === 'durable' && volumeClaimTemplates.length === 0 && 'has its log on a disk of the pod',
    ];
  },
);
