import { type Manifest, podsOf, specOf, type WorkloadSpec } from '../manifest.ts';
import { configOf, settingOf } from '../mounted-config.ts';
import { aboutPods } from '../operator-pods.ts';
import { kindPolicy } from '../policy.ts';
import { valkeyServer } from '../valkey.ts';

interface SecretSpec {
  readonly target: { readonly name?: string; readonly template?: { readonly data?: Readonly<Record<string, string>> } };
}

/** Rules 34 and 61, who may do what. */
export const valkeyAccess = kindPolicy(
  {
    id: 'valkey-access',
    rules: [34, 61],
    source: 'Valkey documentation (ACL, security)',
    reads: ['ConfigMap', 'ExternalSecret', 'NetworkPolicy'],
    reason: 'whoever reaches the port of a server without users reads, empties and reconfigures it',
  },
  ['Deployment', 'StatefulSet'],
  (manifest, all) => {
    if (valkeyServer(manifest) === undefined) return [];
    const config = configOf(manifest, all);
    const setting = (key: string) => settingOf(config, key);
    const users = usersOf(manifest, all);
    return [
      setting('aclfile') === undefined && 'has no file of users (aclfile)',
      ['requirepass', 'masterauth'].some((key) => setting(key) !== undefined) && 'has a password in its configuration',
      setting('protected-mode') !== 'yes' && 'answers without a password where none is set (protected-mode)',
      users.some((text) => !/^user default off\b/m.test(text)) && 'leaves its default user open',
      ...users.flatMap((text) =>
        (text.match(/^user .*(\+@all|allcommands).*$/gm) ?? []).map(
          (line) => `gives every command: ${line.slice(0, 40)}`,
        ),
      ),
      aboutPods('NetworkPolicy', manifest, specOf<WorkloadSpec>(manifest).selector?.matchLabels ?? {}, all).length ===
        0 && 'has no NetworkPolicy of its pods',
    ];
  },
);

/** Files of users that are made in the cluster and mounted; what lies in a plain Secret is nobody's to read. */
function usersOf(manifest: Manifest, all: readonly Manifest[]): readonly string[] {
  const mounted = podsOf(manifest).flatMap(({ volumes = [] }) =>
    volumes.flatMap(({ secret }) => (secret as { readonly secretName?: string } | undefined)?.secretName ?? []),
  );
  return all
    .filter(({ kind, metadata }) => kind === 'ExternalSecret' && metadata.namespace === manifest.metadata.namespace)
    .filter((each) => mounted.includes(targetOf(each)?.name ?? each.metadata.name))
    .flatMap((each) => targetOf(each)?.template ?? [])
    .map(({ data = {} }) => Object.values(data).join('\n'));
}

const targetOf = (secret: Manifest) => specOf<SecretSpec>(secret).target;
