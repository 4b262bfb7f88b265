import { specOf } from '../manifest.ts';
import { aboutPods } from '../operator-pods.ts';
import { kindPolicy } from '../policy.ts';
import { isPostgres, type PostgresSpec, postgresPods } from '../postgres.ts';

/** Closes the list before the operator's own last line, which lets in everybody with a password, encrypted or not. */
const LAST = /^host\s+all\s+all\s+all\s+reject$/;
const ENCRYPTED = /^hostssl\s/;
const ANYBODY = /^hostssl\s+all\s+all\s/;

/** Rule 60, who reaches what. */
export const postgresAccess = kindPolicy(
  {
    id: 'postgres-access',
    rules: [34, 60],
    source: 'CloudNativePG documentation (security, role management), PostgreSQL documentation (pg_hba.conf)',
    reads: ['NetworkPolicy'],
    reason:
      'a service that is broken into is in every database that its role reaches, and a superuser is on the machine',
  },
  ['Cluster'],
  (manifest, all) => {
    if (!isPostgres(manifest)) return [];
    const { enableSuperuserAccess, postgresql, managed } = specOf<PostgresSpec>(manifest);
    const lines = postgresql?.pg_hba ?? [];
    return [
      enableSuperuserAccess === true && 'lets the superuser in by a password',
      !LAST.test(lines.at(-1) ?? '') && 'lets in whoever its rules do not name: expected a last rule that rejects all',
      ...lines.slice(0, -1).map((line) => !ENCRYPTED.test(line) && `has a rule for connections without TLS: ${line}`),
      ...lines.map((line) => ANYBODY.test(line) && 'lets every role into every database'),
      ...(managed?.roles ?? []).flatMap(
        ({ name, superuser, createrole, bypassrls, connectionLimit, passwordSecret }) => [
          (superuser === true || createrole === true || bypassrls === true) && `role ${name} may do what it likes`,
          passwordSecret?.name === undefined && `role ${name} has no password of its own`,
          connectionLimit === undefined && `role ${name} may take every connection there is`,
        ],
      ),
      aboutPods('NetworkPolicy', manifest, postgresPods(manifest), all).length === 0 &&
        'has no NetworkPolicy of its pods',
    ];
  },
);
