import type { TemplatePolicy } from '../policy.ts';
import { at, listOf } from '../template.ts';

interface Statement {
  readonly Effect?: unknown;
  readonly Principal?: unknown;
  readonly Condition?: Readonly<Record<string, object>>;
}

const isOwner = (principal: unknown): boolean =>
  principal !== null && typeof principal === 'object' && 'AWS' in principal && principal.AWS !== '*';

/** Rules 3 and 17, for whom a key is used by: an account that is named decides for itself. */
export const keyScoped: TemplatePolicy = {
  id: 'key-scoped',
  rules: [3, 17],
  source: 'AWS KMS Developer Guide (confused deputy), IAM Access Analyzer',
  reason: 'a service uses the key in the name of somebody else, in another account',
  types: ['AWS::KMS::Key'],
  check: (key) => {
    const statements = listOf(at(key, 'KeyPolicy.Statement')) as readonly Statement[];
    return [
      statements.some(
        ({ Effect, Principal, Condition }) =>
          Effect !== 'Deny' &&
          !isOwner(Principal) &&
          Object.values(Condition ?? {}).every((keys) => Object.keys(keys).length === 0),
      ) && 'lets a service or everybody use it for whatever it likes, expected a condition',
    ];
  },
};
