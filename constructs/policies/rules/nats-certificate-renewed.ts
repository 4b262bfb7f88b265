import { containersOf, podsOf } from '../manifest.ts';
import { configOf, settingOf } from '../mounted-config.ts';
import { isNatsServer } from '../nats.ts';
import { kindPolicy } from '../policy.ts';

const FILES: readonly string[] = ['cert_file', 'key_file', 'ca_file'];

/** Rule 56, a certificate that ends. */
export const natsCertificateRenewed = kindPolicy(
  {
    id: 'nats-certificate-renewed',
    rules: [56],
    source: 'NATS documentation (signals), nats-server-config-reloader',
    reads: ['ConfigMap'],
    reason:
      'a server reads its certificate once: weeks after it was renewed the old one ends, and nobody connects any more',
  },
  ['StatefulSet'],
  (manifest, all) => {
    if (!isNatsServer(manifest)) return [];
    const config = configOf(manifest, all);
    const files = FILES.flatMap((key) => settingOf(config, key) ?? []);
    return podsOf(manifest).flatMap((pod) => {
      const watched = containersOf(pod).map(({ args = [] }) => args);
      return [
        ...files.map(
          (file) =>
            !watched.some((args) => args.includes(file)) && `no container watches ${file} and says so to the server`,
        ),
        files.length > 0 &&
          pod.shareProcessNamespace !== true &&
          'no container can signal the server (shareProcessNamespace)',
      ];
    });
  },
);
