import { byIdentity, identity } from '../lookup.ts';
import { specOf } from '../manifest.ts';
import { kindPolicy } from '../policy.ts';
import { triggersOf } from '../scaler.ts';

interface AuthenticationSpec {
  readonly secretTargetRef: readonly { readonly parameter?: string }[];
}

/** Rule 46: a Prometheus trigger reads of an authentication only what its modes name. */
export const scalerAuthModes = kindPolicy(
  {
    id: 'scaler-auth-modes',
    rules: [46],
    source: 'KEDA, source of the prometheus scaler',
    reads: ['TriggerAuthentication'],
    reason: 'an authority that is given and not read leaves a server unknown, and the scaler blind',
  },
  ['ScaledObject', 'ScaledJob'],
  (manifest, all) =>
    triggersOf(manifest).map(({ type, metadata, authenticationRef }) => {
      if (type !== 'prometheus' || metadata?.['authModes'] !== undefined) return false;
      const named = identity('TriggerAuthentication', manifest.metadata.namespace, authenticationRef?.name);
      const secrets = byIdentity(all, named).flatMap((each) => specOf<AuthenticationSpec>(each).secretTargetRef ?? []);
      const given = secrets.map(({ parameter }) => parameter);
      return (
        given.length > 0 &&
        !given.includes('authModes') &&
        `states no authModes: ${given.join(', ')} of ${authenticationRef?.name} are not read`
      );
    }),
);
