import type { EnvironmentKind } from '../../constructs/gcp/environment-kind.ts';
import type { ConfigurationFields } from './configuration-fields.ts';
import type { DataEnvironment, DataUser, KafkaUser } from './environment.ts';

const SIZE = /^\d+ (MiB|GiB|TiB)$/;
const VARIABLE = /^[A-Z][A-Z0-9_]*$/;
const ID = /^[a-z][a-z0-9-]*$/;
const NODES = ['SHARED_CORE_NANO', 'STANDARD_SMALL', 'HIGHMEM_MEDIUM', 'HIGHMEM_XLARGE'] as const;
const PERSISTENCE = ['append-only', 'none'] as const;

/** The section `data`: nothing of it has to be there. */
export function dataConfiguration(fields: ConfigurationFields, kind: EnvironmentKind): DataEnvironment {
  const user = (path: string): DataUser => ({
    variable: fields.text(`${path}.variable`, VARIABLE, 'the name of a variable, such as DATABASE_HOST'),
  });
  const kafkaUser = (path: string): KafkaUser => ({
    ...user(path),
    produces: fields.optional(`${path}.produces`, (at) => fields.texts<string[]>(at, 1, ID, 'ids of topics')) ?? [],
    consumes: fields.entries(`${path}.consumes`, (at) => fields.text(at, ID, 'the id of a consumer of the topic')),
  });
  const kafka = fields.optional('data.kafka', (at) => ({
    vcpus: fields.whole(`${at}.vcpus`, 3),
    memory: fields.text<`${number} GiB`>(`${at}.memory`, SIZE, 'such as 12 GiB'),
    users: fields.entries(`${at}.users`, kafkaUser),
  }));
  const database = fields.optional('data.database', (at) => ({
    tier: fields.text<`db-${string}`>(`${at}.tier`, /^db-[a-z0-9-]+$/, 'such as db-custom-2-8192'),
    diskGib: fields.whole(`${at}.diskGib`, 10),
    databases: fields.texts<string[]>(`${at}.databases`, 1, /^[a-z][a-z0-9_]*$/, 'names of databases'),
    outbox: fields.optional(`${at}.outbox`, (path) => fields.flag(path)) ?? false,
    users: fields.entries(`${at}.users`, user),
  }));
  const cache = fields.optional('data.cache', (at) => ({
    nodeType: fields.choice(`${at}.nodeType`, NODES),
    shards: fields.whole(`${at}.shards`, 1),
    // Of production, the zone that fails takes no data along.
    replicas: fields.whole(`${at}.replicas`, kind === 'production' ? 1 : 0, 5) as 0 | 1 | 2 | 3 | 4 | 5,
    persistence: fields.optional(`${at}.persistence`, (path) => fields.choice(path, PERSISTENCE)) ?? 'append-only',
    users: fields.entries(`${at}.users`, user),
  }));
  return {
    ...(kafka === undefined ? {} : { kafka }),
    ...(database === undefined ? {} : { database }),
    ...(cache === undefined ? {} : { cache }),
  };
}
