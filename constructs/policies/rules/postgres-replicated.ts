import { specOf } from '../manifest.ts';
import { placesBy } from '../operator-pods.ts';
import { kindPolicy } from '../policy.ts';
import { isPostgres, type PostgresSpec, postgresPods } from '../postgres.ts';

const FEWEST = 3;

/** Rule 60, the instances. */
export const postgresReplicated = kindPolicy(
  {
    id: 'postgres-replicated',
    rules: [60],
    source: 'CloudNativePG documentation (replication, failover, scheduling)',
    reason: 'a commit that only the primary has is gone with it, and standbys of its machine or zone go with it too',
  },
  ['Cluster'],
  (manifest) => {
    if (!isPostgres(manifest)) return [];
    const {
      instances = 1,
      postgresql,
      affinity,
      topologySpreadConstraints = [],
      enablePDB,
    } = specOf<PostgresSpec>(manifest);
    const { synchronous } = postgresql ?? {};
    const zones = topologySpreadConstraints.filter(placesBy('topology.kubernetes.io/zone', postgresPods(manifest)));
    return [
      instances < FEWEST && `has ${instances} instances, expected at least ${FEWEST}`,
      (synchronous?.number ?? 0) < 1 && 'acknowledges a commit that no standby has (synchronous.number)',
      synchronous?.dataDurability === undefined &&
        'does not say what happens to commits while no standby is there (synchronous.dataDurability)',
      synchronous?.dataDurability === 'required' &&
        synchronous.failoverQuorum !== true &&
        'may promote a standby that lacks an acknowledged commit: expected failoverQuorum',
      (synchronous?.number ?? 0) >= instances - 1 &&
        instances > 1 &&
        'waits for every standby: one that restarts stops all writers',
      (affinity?.enablePodAntiAffinity === false ||
        affinity?.podAntiAffinityType !== 'required' ||
        affinity.topologyKey !== 'kubernetes.io/hostname') &&
        'may have two instances on one machine: expected a required anti-affinity by host',
      !zones.some(({ maxSkew, whenUnsatisfiable }) => maxSkew === 1 && whenUnsatisfiable === 'DoNotSchedule') &&
        'may have all instances in one zone: expected a required spread over zones of every pod of the cluster',
      enablePDB === false && 'lets a drain take its primary at any moment (enablePDB)',
    ];
  },
);
