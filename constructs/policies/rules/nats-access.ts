import { configOf, settingOf } from '../mounted-config.ts';
import { isNatsServer } from '../nats.ts';
import { kindPolicy } from '../policy.ts';

/** Rule 56, who gets in. */
export const natsAccess = kindPolicy(
  {
    id: 'nats-access',
    rules: [56],
    source: 'NATS documentation (TLS, authorization)',
    reads: ['ConfigMap'],
    reason: 'whoever reaches the port reads every item, deletes every stream, and joins the cluster as a server',
  },
  ['StatefulSet'],
  (manifest, all) => {
    if (!isNatsServer(manifest)) return [];
    const config = configOf(manifest, all);
    const states = (...keys: readonly string[]) => keys.some((key) => settingOf(config, key) !== undefined);
    return [
      !states('cert_file') && 'is reached without TLS (tls with cert_file, key_file and ca_file)',
      !states('nkey', 'password', 'token', 'operator') && 'lets anyone in: names no users',
      !states('permissions', 'operator') && 'lets every user do everything: states no permissions',
    ];
  },
);
