import { typePolicy } from '../policy.ts';
import { IAM_MEMBER } from '../resource.ts';

interface Grant {
  readonly role?: string;
  readonly member?: string;
}

/** Roles with nearly every permission there is, those that hand out others, and those that open every secret. */
const TOO_MUCH =
  /^roles\/(owner|editor|viewer|iam\.(securityAdmin|serviceAccountTokenCreator|serviceAccountUser)|resourcemanager\..*Admin|secretmanager\.(admin|secretAccessor|secretVersionManager))$/;

/** Rule 24, what accounts may do. */
export const projectRoleLeast = typePolicy<Grant>(
  {
    id: 'project-role-least',
    rules: [24],
    source: 'CIS GKE 1.9, CIS Google Cloud',
    reason:
      'a role on the whole project reaches what is added to it next year, by somebody who does not know of this grant',
  },
  IAM_MEMBER,
  ({ role = '(none)', member = '' }) => [
    TOO_MUCH.test(role) && `grants ${role} on the whole project, expected a role on a resource`,
    ['allUsers', 'allAuthenticatedUsers'].includes(member) && `grants ${role} to ${member}`,
  ],
);
