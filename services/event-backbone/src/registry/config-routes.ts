import type { FastifyInstance } from 'fastify';
import { isSet, type Query } from './answers.ts';
import { faultText, type Registry } from './registry.ts';
import type { StoredConfig } from './schema-store.ts';
import { configOf, modeOf, sentSchemaOf, versionOf } from './shapes.ts';
import { subjectOf } from './subject.ts';

interface OfSubject {
  readonly Params: { readonly subject?: string };
  readonly Querystring: Query;
}

interface OfVersion {
  readonly Params: { readonly subject: string; readonly version: string };
  readonly Querystring: Query;
}

/** What is said of a subject, or of all where the path names none. */
export function configRoutes(server: FastifyInstance, registry: Registry): void {
  for (const path of ['/config', '/config/:subject']) {
    server.get<OfSubject>(path, async ({ params, query }) =>
      configBody(registry.config(subjectOf(params.subject ?? ''), isSet(query, 'defaultToGlobal'))),
    );
    server.put<OfSubject>(path, async ({ params, body }) => {
      const { compatibilityLevel, ...rest } = registry.setConfig(subjectOf(params.subject ?? ''), configOf(body));
      return {
        ...(compatibilityLevel === undefined ? {} : { compatibility: compatibilityLevel }),
        ...withoutMode(rest),
      };
    });
    server.delete<OfSubject>(path, async ({ params }) =>
      configBody(registry.clearConfig(subjectOf(params.subject ?? ''))),
    );
  }
  for (const path of ['/mode', '/mode/:subject']) {
    server.get<OfSubject>(path, async ({ params, query }) => ({
      mode: registry.mode(subjectOf(params.subject ?? ''), isSet(query, 'defaultToGlobal')),
    }));
    server.put<OfSubject>(path, async ({ params, query, body }) => {
      const mode = modeOf(body);
      registry.setMode(subjectOf(params.subject ?? ''), mode, isSet(query, 'force'));
      return { mode };
    });
    server.delete<OfSubject>(path, async ({ params }) => ({
      mode: registry.clearMode(subjectOf(params.subject ?? '')),
    }));
  }
}

export function compatibilityRoutes(server: FastifyInstance, registry: Registry): void {
  server.post<OfSubject>('/compatibility/subjects/:subject/versions', async ({ params, query, body }) =>
    verdict(registry.check(subjectOf(params.subject ?? ''), sentSchemaOf(body), undefined), query),
  );
  server.post<OfVersion>('/compatibility/subjects/:subject/versions/:version', async ({ params, query, body }) =>
    verdict(registry.check(subjectOf(params.subject), sentSchemaOf(body), versionOf(params.version)), query),
  );
}

const verdict = (faults: ReturnType<Registry['check']>, query: Query) => ({
  is_compatible: faults.length === 0,
  ...(isSet(query, 'verbose') ? { messages: faults.map(faultText) } : {}),
});

const configBody = ({ compatibilityLevel, ...rest }: StoredConfig) => ({ compatibilityLevel, ...withoutMode(rest) });

const withoutMode = ({ mode: _, ...rest }: StoredConfig): StoredConfig => rest;
