import type { AffinityTerm, Amounts, Labels, Manifest } from './manifest.ts';

export interface PostgresSpec {
  readonly instances: number;
  readonly enablePDB: boolean;
  readonly enableSuperuserAccess: boolean;
  readonly postgresql: {
    readonly parameters?: Labels;
    readonly pg_hba?: readonly string[];
    readonly synchronous?: {
      readonly number?: number;
      readonly dataDurability?: string;
      readonly failoverQuorum?: boolean;
    };
  };
  readonly managed: { readonly roles?: readonly PostgresRole[] };
  readonly affinity: {
    readonly enablePodAntiAffinity?: boolean;
    readonly podAntiAffinityType?: string;
    readonly topologyKey?: string;
  };
  readonly topologySpreadConstraints: readonly (AffinityTerm & {
    readonly maxSkew?: number;
    readonly whenUnsatisfiable?: string;
  })[];
  readonly resources: { readonly requests?: Amounts; readonly limits?: Amounts };
  readonly storage: Volume;
  readonly walStorage: Volume;
  readonly bootstrap: { readonly initdb?: { readonly dataChecksums?: boolean } };
  readonly plugins: readonly {
    readonly name?: string;
    readonly enabled?: boolean;
    readonly isWALArchiver?: boolean;
    readonly parameters?: Labels;
  }[];
}

interface PostgresRole {
  readonly name?: string;
  readonly superuser?: boolean;
  readonly createrole?: boolean;
  readonly bypassrls?: boolean;
  readonly replication?: boolean;
  readonly connectionLimit?: number;
  readonly passwordSecret?: { readonly name?: string };
}

interface Volume {
  readonly storageClass?: string;
  readonly size?: string;
}

/** CloudNativePG's kinds; `Cluster` and `Database` alone are also the names of others' resources. */
export const isPostgres = ({ apiVersion }: Manifest): boolean => apiVersion.startsWith('postgresql.cnpg.io/');

/** The label on every pod of a cluster: instances, poolers and the jobs that make them. */
export const postgresPods = ({ metadata }: Manifest): Labels => ({ 'cnpg.io/cluster': metadata.name });

/** What is of this cluster among objects that name one. */
export const ofCluster = (cluster: Manifest, kind: string, all: readonly Manifest[]): readonly Manifest[] =>
  all.filter((other) => {
    const { cluster: named } = (other['spec'] ?? {}) as { readonly cluster?: { readonly name?: string } };
    return (
      other.kind === kind &&
      isPostgres(other) &&
      other.metadata.namespace === cluster.metadata.namespace &&
      named?.name === cluster.metadata.name
    );
  });
