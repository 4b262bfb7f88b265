import type { TemplatePolicy } from '../policy.ts';
import { at } from '../template.ts';

const FEWEST_DAYS = 7;

export const databaseProtected: TemplatePolicy = {
  id: 'database-protected',
  rules: [],
  source: 'AWS Security Hub (RDS.6, RDS.7, RDS.12), trivy (rds)',
  reason: 'one call by mistake deletes all of it, and what a password opens is open for whoever once saw it',
  types: ['AWS::RDS::DBCluster'],
  check: (cluster) => {
    const days = at(cluster, 'BackupRetentionPeriod');
    return [
      at(cluster, 'DeletionProtection') !== true && 'may be deleted by one call',
      (typeof days !== 'number' || days < FEWEST_DAYS) &&
        `keeps backups for ${days ?? 1} days, expected ${FEWEST_DAYS} or more`,
      at(cluster, 'EnableIAMDatabaseAuthentication') !== true && 'takes passwords alone, expected tokens of IAM',
      at(cluster, 'MasterUserPassword') !== undefined && 'has a password in its template, expected one that RDS makes',
      at(cluster, 'PubliclyAccessible') === true && 'has a public address',
    ];
  },
};
