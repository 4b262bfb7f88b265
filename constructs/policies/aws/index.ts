import { suppressionOf, suppressionsIn } from '../../suppression.ts';
import type { Finding } from '../policy.ts';
import type { TemplatePolicy } from './policy.ts';
import { brokerPrivate } from './rules/broker-private.ts';
import { bucketPrivate } from './rules/bucket-private.ts';
import { cacheAvailable } from './rules/cache-available.ts';
import { cniPrefixes } from './rules/cni-prefixes.ts';
import { dataEncrypted } from './rules/data-encrypted.ts';
import { dataRetained } from './rules/data-retained.ts';
import { databaseProtected } from './rules/database-protected.ts';
import { eksAccessEntries } from './rules/eks-access-entries.ts';
import { eksEndpointPrivate } from './rules/eks-endpoint-private.ts';
import { eksKept } from './rules/eks-kept.ts';
import { eksLogged } from './rules/eks-logged.ts';
import { eksSecretsEncrypted } from './rules/eks-secrets-encrypted.ts';
import { eksVersionsPinned } from './rules/eks-versions-pinned.ts';
import { identityOwn } from './rules/identity-own.ts';
import { imageFixed } from './rules/image-fixed.ts';
import { ingressClosed } from './rules/ingress-closed.ts';
import { interruptionHeard } from './rules/interruption-heard.ts';
import { kafkaEncrypted } from './rules/kafka-encrypted.ts';
import { keyScoped } from './rules/key-scoped.ts';
import { logsKept } from './rules/logs-kept.ts';
import { machineHardened } from './rules/machine-hardened.ts';
import { modelIsolated } from './rules/model-isolated.ts';
import { networkResilient } from './rules/network-resilient.ts';
import { podTrustScoped } from './rules/pod-trust-scoped.ts';
import { rightsLeast } from './rules/rights-least.ts';
import { roleTrusted } from './rules/role-trusted.ts';
import type { CloudFormationTemplate, TemplateResource } from './template.ts';

export type { TemplatePolicy } from './policy.ts';
export type { CloudFormationTemplate, TemplateResource } from './template.ts';

export const TEMPLATE_POLICIES: readonly TemplatePolicy[] = [
  eksEndpointPrivate,
  eksLogged,
  eksSecretsEncrypted,
  eksAccessEntries,
  eksVersionsPinned,
  eksKept,
  networkResilient,
  ingressClosed,
  cniPrefixes,
  machineHardened,
  rightsLeast,
  podTrustScoped,
  roleTrusted,
  identityOwn,
  interruptionHeard,
  kafkaEncrypted,
  brokerPrivate,
  dataRetained,
  dataEncrypted,
  databaseProtected,
  cacheAvailable,
  bucketPrivate,
  imageFixed,
  keyScoped,
  logsKept,
  modelIsolated,
];

/**
 * Holds every resource of some templates, by the names of their stacks, against every policy. A resource is taken out of
 * one by its metadata: `addMetadata(suppressionOf(id), reason)`.
 */
export function checkTemplates(templates: Readonly<Record<string, CloudFormationTemplate>>): readonly Finding[] {
  return Object.entries(templates).flatMap(([stack, template]) =>
    Object.entries(template.Resources ?? {}).flatMap(([logicalId, resource]) => {
      const suppressions = suppressionsIn(reasonsOf(resource));
      const object = `${stack}/${logicalId}`;
      const findings = TEMPLATE_POLICIES.flatMap(({ id, reason, types, check }) => {
        const messages = types.includes(resource.Type)
          ? check(resource, template).filter((message) => message !== false)
          : [];
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
