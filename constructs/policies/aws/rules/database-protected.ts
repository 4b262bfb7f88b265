import type { TemplatePolicy } from '../policy.ts';
import { at, listOf } from '../template.ts';

const FEWEST_DAYS = 7;

export const databaseProtected: TemplatePolicy = {
  id: 'database-protected',
  rules: [],
  source: 'AWS Security Hub (RDS.6, RDS.7, RDS.12), trivy (rds)',
  reason: 'one call by mistake deletes all of it, and what a password opens is open for whoever once saw it',
  types: ['AWS::RDS::DBCluster', 'AWS::RDS::DBInstance'],
  check: (cluster) => {
    // Left out, it follows from the network, and so from somebody else's change.
    if (cluster.Type === 'AWS::RDS::DBInstance')
      return [at(cluster, 'PubliclyAccessible') !== false && 'may have a public address'];
    const days = at(cluster, 'BackupRetentionPeriod');
    return [
      at(cluster, 'DeletionProtection') !== true && 'may be deleted by one call',
      (typeof days !== 'number' || days < FEWEST_DAYS) &&
        `keeps backups for ${days ?? 1} days, expected ${FEWEST_DAYS} or more`,
      at(cluster, 'EnableIAMDatabaseAuthentication') !== true && 'takes passwords alone, expected tokens of IAM',
      at(cluster, 'MasterUserPassword') !== undefined && 'has a password in its template, expected one that RDS makes',
      at(cluster, 'DeleteAutomatedBackups') !== false && 'takes its backups along when it is deleted',
      !listOf(at(cluster, 'EnableCloudwatchLogsExports')).includes('postgresql') &&
        at(cluster, 'Engine') === 'aurora-postgresql' &&
        'keeps no logs',
      at(cluster, 'PubliclyAccessible') === true && 'has a public address',
    ];
  },
};
