import { specOf } from '../manifest.ts';
import { kindPolicy } from '../policy.ts';
import { isPostgres, type PostgresSpec } from '../postgres.ts';

/** Rules 37 and 60, what the machine is for. */
export const postgresLimits = kindPolicy(
  {
    id: 'postgres-limits',
    rules: [37, 60],
    source: 'CloudNativePG documentation (resources, storage), PostgreSQL documentation (resource consumption)',
    reason: 'a full disk of the log stops every writer, and memory that was promised twice ends the primary',
  },
  ['Cluster'],
  (manifest) => {
    if (!isPostgres(manifest)) return [];
    const { resources, storage, walStorage, postgresql, managed, bootstrap } = specOf<PostgresSpec>(manifest);
    const { requests = {}, limits = {} } = resources ?? {};
    const parameters = postgresql?.parameters ?? {};
    const connections = Number(parameters['max_connections'] ?? 0);
    const allowed = (managed?.roles ?? []).reduce((sum, { connectionLimit }) => sum + (connectionLimit ?? 0), 0);
    return [
      requests['cpu'] === undefined && 'requests no cpu',
      (limits['memory'] === undefined || requests['memory'] !== limits['memory']) && 'memory limit is not its request',
      requests['ephemeral-storage'] === undefined && 'requests no ephemeral-storage',
      limits['ephemeral-storage'] === undefined && 'bounds no ephemeral-storage',
      ...Object.entries({ storage, walStorage }).flatMap(([name, volume]) => [
        volume?.size === undefined && `does not state the size of ${name}`,
        volume?.storageClass === undefined && `does not state the class of ${name}`,
      ]),
      ...['max_connections', 'shared_buffers', 'max_wal_size', 'max_slot_wal_keep_size'].map(
        (name) => parameters[name] === undefined && `does not state ${name}`,
      ),
      connections > 0 && allowed >= connections && `allows its roles ${allowed} of ${connections} connections`,
      bootstrap?.initdb !== undefined &&
        bootstrap.initdb.dataChecksums !== true &&
        'takes a page that its disk has changed for good (dataChecksums)',
    ];
  },
);
