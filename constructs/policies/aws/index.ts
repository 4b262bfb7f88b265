import { suppressionOf, suppressionsIn } from '../../suppression.ts';
import type { Finding } from '../policy.ts';
import type { TemplatePolicy } from './policy.ts';
import { brokerPrivate } from './rules/broker-private.ts';
import { dataEncrypted } from './rules/data-encrypted.ts';
import { dataRetained } from './rules/data-retained.ts';
import { databaseProtected } from './rules/database-protected.ts';
import { ingressClosed } from './rules/ingress-closed.ts';
import { kafkaEncrypted } from './rules/kafka-encrypted.ts';
import { rightsLeast } from './rules/rights-least.ts';
import type { CloudFormationTemplate, TemplateResource } from './template.ts';

export type { TemplatePolicy } from './policy.ts';
export type { CloudFormationTemplate, TemplateResource } from './template.ts';

export const TEMPLATE_POLICIES: readonly TemplatePolicy[] = [
  ingressClosed,
  rightsLeast,
  kafkaEncrypted,
  brokerPrivate,
  dataRetained,
  dataEncrypted,
  databaseProtected,
];

/**
 * Holds every resource of some templates, by the names of their stacks, against every policy. A resource is taken out of
 * one by its metadata: `addMetadata(suppressionOf(id), reason)`.
 */
export function checkTemplates(templates: Readonly<Record<string, CloudFormationTemplate>>): readonly Finding[] {
  return Object.entries(templates).flatMap(([stack, { Resources }]) =>
    Object.entries(Resources ?? {}).flatMap(([logicalId, resource]) => {
      const suppressions = suppressionsIn(reasonsOf(resource));
      const object = `${stack}/${logicalId}`;
      const findings = TEMPLATE_POLICIES.flatMap(({ id, reason, types, check }) => {
        const messages = types.includes(resource.Type) ? check(resource).filter((message) => message !== false) : [];
        const why = suppressions.get(id);
        if (why === undefined) return messages.map((message) => ({ policy: id, object, message, reason }));
        if (messages.length > 0 && why.trim() !== '') return [];
        const message =
          messages.length === 0 ? 'is suppressed and holds: remove the suppression' : 'is suppressed without a reason';
        return [{ policy: id, object, message, reason: SUPPRESSION }];
      });
      const unknown = [...suppressions.keys()].filter((id) => !TEMPLATE_POLICIES.some((policy) => policy.id === id));
      return [
        ...findings,
        ...unknown.map((policy) => ({
          policy,
          object,
          message: `${suppressionOf(policy)} names no policy`,
          reason: SUPPRESSION,
        })),
      ];
    }),
  );
}

const SUPPRESSION = 'a suppression is an exception somebody has to be able to judge';

const reasonsOf = ({ Metadata }: TemplateResource): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(Metadata ?? {}).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
