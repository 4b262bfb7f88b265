import { specOf } from '../manifest.ts';
import { isNatsServer, replicasOf } from '../nats.ts';
import { kindPolicy } from '../policy.ts';

/** Rule 56, the servers' part. */
export const natsQuorum = kindPolicy(
  {
    id: 'nats-quorum',
    rules: [56],
    source: 'NATS documentation (JetStream clustering)',
    reads: ['StatefulSet'],
    reason: 'two servers lose their majority with one, four with two: the even one is paid for and carries nothing',
  },
  ['StatefulSet', 'Stream'],
  (manifest, all) => {
    if (manifest.kind === 'StatefulSet') {
      const replicas = replicasOf(manifest);
      return [isNatsServer(manifest) && replicas !== 3 && replicas !== 5 && `has ${replicas} servers, expected 3 or 5`];
    }
    const clusters = all.filter(isNatsServer).map(replicasOf);
    const copies = specOf<{ replicas: number }>(manifest).replicas ?? 1;
    return [
      clusters.length > 0 &&
        clusters.every((servers) => copies > servers) &&
        `keeps ${copies} copies on ${Math.max(...clusters)} servers`,
    ];
  },
);
