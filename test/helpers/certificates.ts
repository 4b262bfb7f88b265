import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Requirement } from './requirement.ts';

/** For `describeWith`. */
export const opensslRequirement = (): Requirement => ({
  name: 'openssl',
  available: spawnSync('openssl', ['version']).status === 0,
  howToGet: 'put openssl on PATH',
});

function openssl(folder: string, ...args: readonly string[]): void {
  const { status, stderr } = spawnSync('openssl', args, { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(`openssl ${args.join(' ')}: ${stderr}`);
}

/** Makes an authority of its own: `<name>.crt` and `<name>.key` in the folder. */
export function makeAuthority(folder: string, name: string): void {
  const subject = ['-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.crt`, '-days', '2'];
  openssl(folder, 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', ...subject);
}

/**
 * Makes what cert-manager would write to a Secret: `tls.crt`, `tls.key` and `ca.crt`, by the authority `by` of the folder.
 *
 * @param serial tells one certificate from the next
 */
export function makeCertificate(folder: string, by: string, dnsNames: readonly string[], serial: number): void {
  const names = dnsNames.map((name) => `DNS:${name}`).join(',');
  writeFileSync(
    join(folder, 'leaf.ext'),
    `subjectAltName=${names}\nkeyUsage=digitalSignature\nextendedKeyUsage=serverAuth,clientAuth\n`,
  );
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'tls.key'];
  openssl(folder, 'req', ...key, '-subj', '/CN=nats', '-out', 'leaf.csr');
  const signed = ['-CA', `${by}.crt`, '-CAkey', `${by}.key`, '-set_serial', String(serial), '-days', '1'];
  openssl(folder, 'x509', '-req', '-in', 'leaf.csr', ...signed, '-extfile', 'leaf.ext', '-out', 'tls.crt');
  openssl(folder, 'x509', '-in', `${by}.crt`, '-out', 'ca.crt');
}
