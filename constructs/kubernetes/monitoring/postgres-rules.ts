import { Duration } from '@penstock/model';
import type { AlertProps } from '../../monitoring/alert.ts';
import { POSTGRES_FREEZE_AGE } from '../../monitoring/limits.ts';
import { POSTGRES_METRICS, series, VOLUME_METRICS } from '../../monitoring/promql.ts';
import { serverMissing } from '../../monitoring/server-missing.ts';
import type { PostgresService } from '../postgres-service.ts';

/** A switchover takes less. */
const UNREPLICATED_HOLDS = Duration.parse('2 minutes');
const ARCHIVE_HOLDS = Duration.parse('15 minutes');
const DISK_HOLDS = Duration.parse('5 minutes');
/** Of a volume; one of the log that is full stops every writer. */
const FREE_SHARE = 0.15;
/** Of the log that a reader may leave unread. */
const FEED_SHARE = 0.5;
/** Backups that were due and are not there, after which somebody looks. */
const BACKUPS_MISSED = 2;
const DAY_SECONDS = 86_400;

export function postgresAlertRules(service: PostgresService, job: string): readonly AlertProps[] {
  const { name, namespace, instances, synchronousStandbys, backupEveryDays, feedBacklog } = service;
  const of = { job, namespace };
  const labels = { namespace, job };
  const title = `PostgreSQL ${name}`;
  const read = (metric: string): string => series(metric, of);
  const volume = { namespace, persistentvolumeclaim: new RegExp(`${name}-[0-9]+(-wal)?`) };
  return [
    serverMissing({
      title,
      job,
      namespace,
      servers: instances,
      consequence: 'the next one that fails may be the last that has every commit',
    }),
    {
      name: 'PenstockPostgresUnreplicated',
      expr: `(sum(${read(POSTGRES_METRICS.isStandby)} * ${read(POSTGRES_METRICS.isStreaming)}) or vector(0)) < ${synchronousStandbys}`,
      holds: UNREPLICATED_HOLDS,
      severity: 'page',
      labels,
      summary: `${title}: too few standbys follow the primary`,
      description: `{{ $value }} standbys follow, a commit waits for ${synchronousStandbys}: writers stand still, or what is acknowledged is on one disk.`,
    },
    {
      name: 'PenstockPostgresArchiveFailing',
      expr: `max(${read(POSTGRES_METRICS.archiveFailed)} - ${read(POSTGRES_METRICS.archived)}) > 0`,
      holds: ARCHIVE_HOLDS,
      severity: 'page',
      labels,
      summary: `${title}: its log is not archived`,
      description: `The last attempt failed {{ $value | humanizeDuration }} after the last success: nothing since can be restored, and the log piles up on its volume.`,
    },
    {
      name: 'PenstockPostgresBackupOld',
      // Each instance repeats what it knows; the youngest counts, and none at all is as bad.
      expr: `(time() - (max(${read(POSTGRES_METRICS.lastBackup)}) or vector(0))) > ${BACKUPS_MISSED * backupEveryDays * DAY_SECONDS}`,
      holds: ARCHIVE_HOLDS,
      severity: 'ticket',
      labels,
      summary: `${title}: the last backup is too old`,
      description: `The last whole copy was made {{ $value | humanizeDuration }} ago, and one is due every ${backupEveryDays} days.`,
    },
    {
      name: 'PenstockPostgresDiskFilling',
      expr: `min by (persistentvolumeclaim) (${series(VOLUME_METRICS.available, volume)} / ${series(VOLUME_METRICS.capacity, volume)}) < ${FREE_SHARE}`,
      holds: DISK_HOLDS,
      severity: 'page',
      labels,
      summary: `${title}: volume {{ $labels.persistentvolumeclaim }} is nearly full`,
      description: '{{ $value | humanizePercentage }} of it is free; a full one stops the instance.',
    },
    ...(feedBacklog === undefined
      ? []
      : [
          {
            name: 'PenstockPostgresFeedStale',
            expr: `max by (slot_name) (${series(POSTGRES_METRICS.slotBehind, { ...of, slot_type: 'logical' })}) > ${Math.floor(feedBacklog.bytes * FEED_SHARE)}`,
            holds: DISK_HOLDS,
            severity: 'page',
            labels,
            summary: `${title}: the reader of slot {{ $labels.slot_name }} is about to lose changes`,
            description: `It is {{ $value | humanize1024 }}B behind; at ${feedBacklog} its slot is given up and it has to begin anew.`,
          } as const,
        ]),
    {
      name: 'PenstockPostgresFreezing',
      expr: `max(${read(POSTGRES_METRICS.freezeAge)}) > ${POSTGRES_FREEZE_AGE}`,
      holds: ARCHIVE_HOLDS,
      severity: 'ticket',
      labels,
      summary: `${title}: old rows are not frozen`,
      description:
        '{{ $value | humanize }} transactions since the oldest row that is not frozen; vacuum does not keep up, or something holds it.',
    },
  ];
}
