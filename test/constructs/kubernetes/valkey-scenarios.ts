import { ValkeyService } from '../../../constructs/kubernetes/index.ts';
import { steady, up, type Watched } from './broker-scenario.ts';

// What Prometheus sees of a Valkey server that is to keep its data, and of a cache, and the ways in which they may be ill.

const KEPT = 'namespace="data",job="mailroom/mailroom-valkey-sessions"';
const kept = (metric: string) => `redis_${metric}{${KEPT},pod="sessions-0"}`;

export const valkeyWatched: Watched = {
  name: 'Valkey',
  broker: {
    kind: 'valkey',
    service: new ValkeyService({ name: 'sessions', namespace: 'data', servers: 1, isDurable: true, tls: true }),
  },
  well: {
    ...up(KEPT, ['sessions-0']),
    [kept('memory_used_bytes')]: steady(500),
    [kept('memory_max_bytes')]: steady(1_000),
    [kept('aof_last_write_status')]: steady(1),
  },
  scenarios: [
    ['a server that is down', { [`up{${KEPT},pod="sessions-0"}`]: steady(0) }, ['PenstockBrokerMissing']],
    ['a server that is nearly full', { [kept('memory_used_bytes')]: steady(900) }, ['PenstockValkeyFull']],
    ['a disk that takes no more', { [kept('aof_last_write_status')]: steady(0) }, ['PenstockValkeyLogFailing']],
  ],
};

const CACHE = 'namespace="data",job="mailroom/mailroom-valkey-ranks"';

export const valkeyCacheWatched: Watched = {
  name: 'a cache of Valkey',
  broker: {
    kind: 'valkey',
    service: new ValkeyService({ name: 'ranks', namespace: 'data', servers: 2, isDurable: false, tls: false }),
  },
  well: {
    ...up(CACHE, ['ranks-0', 'ranks-1']),
    // Full, as a cache is.
    [`redis_memory_used_bytes{${CACHE},pod="ranks-0"}`]: steady(1_000),
    [`redis_memory_max_bytes{${CACHE},pod="ranks-0"}`]: steady(1_000),
    [`redis_aof_last_write_status{${CACHE},pod="ranks-0"}`]: steady(1),
  },
  scenarios: [['one of its servers down', { [`up{${CACHE},pod="ranks-1"}`]: steady(0) }, ['PenstockBrokerMissing']]],
};
