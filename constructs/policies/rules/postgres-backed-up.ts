import { type Manifest, specOf } from '../manifest.ts';
import { kindPolicy } from '../policy.ts';
import { isPostgres, ofCluster, type PostgresSpec } from '../postgres.ts';

interface ScheduleSpec {
  readonly suspend: boolean;
  readonly method: string;
  readonly pluginConfiguration: { readonly name?: string };
}

/** Rule 60, what is left when every instance is gone. */
export const postgresBackedUp = kindPolicy(
  {
    id: 'postgres-backed-up',
    rules: [60],
    source: 'CloudNativePG documentation (backup, WAL archiving), Barman plugin documentation',
    reads: ['ScheduledBackup'],
    reason: 'a table that was dropped is dropped on every standby at once: only an archive has the moment before',
  },
  ['Cluster', 'ObjectStore'],
  (manifest, all) => {
    if (manifest.kind === 'ObjectStore') {
      if (!manifest.apiVersion.startsWith('barmancloud.cnpg.io/')) return [];
      return [
        specOf<{ retentionPolicy: string }>(manifest).retentionPolicy === undefined &&
          'does not say how long backups are kept (retentionPolicy)',
      ];
    }
    return isPostgres(manifest) ? faultsOf(manifest, all) : [];
  },
);

function faultsOf(cluster: Manifest, all: readonly Manifest[]) {
  const archiver = (specOf<PostgresSpec>(cluster).plugins ?? []).find(
    ({ isWALArchiver, enabled }) => isWALArchiver === true && enabled !== false,
  );
  const schedules = ofCluster(cluster, 'ScheduledBackup', all).map((each) => specOf<ScheduleSpec>(each));
  const running = schedules.filter(({ suspend }) => suspend !== true);
  return [
    archiver === undefined && 'archives no log: nothing between two backups can be restored (plugins, isWALArchiver)',
    archiver !== undefined &&
      archiver.parameters?.['barmanObjectName'] === undefined &&
      'archives its log to no store (barmanObjectName)',
    running.length === 0 && 'is backed up by no ScheduledBackup',
    running.length > 0 &&
      archiver !== undefined &&
      !running.some(
        ({ method, pluginConfiguration }) => method === 'plugin' && pluginConfiguration?.name === archiver.name,
      ) &&
      'is backed up by another way than its log is archived',
  ];
}
