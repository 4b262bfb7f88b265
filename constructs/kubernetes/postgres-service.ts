import type { Bytes } from '@penstock/model';
import { Binding } from '../binding.ts';

export interface PostgresServiceProps {
  /** Name of the Cluster. @default 'postgres' */
  readonly name?: string;
  readonly namespace: string;
  readonly instances: 3 | 5;
  /** Standbys that have a commit before it is acknowledged. */
  readonly synchronousStandbys: number;
  /** How long after one backup the next one is due, in days. */
  readonly backupEveryDays: number;
  /** Log that a reader of changes may leave unread before it has to begin anew. @default - nobody reads changes */
  readonly feedBacklog?: Bytes;
  /** Whether it has a pooler. */
  readonly pooled: boolean;
}

/** A PostgreSQL cluster that is there already, as CloudNativePG makes it. */
export class PostgresService {
  static readonly port = 5432;

  readonly name: string;
  readonly namespace: string;
  readonly instances: 3 | 5;
  readonly synchronousStandbys: number;
  readonly backupEveryDays: number;
  readonly feedBacklog: Bytes | undefined;
  /** Labels of every pod of the cluster: instances, their poolers and the jobs that make them. */
  readonly podLabels: Readonly<Record<string, string>>;
  /** Name of the pooler and of its service; undefined without one. */
  readonly poolerName: string | undefined;

  constructor(props: PostgresServiceProps) {
    this.name = props.name ?? 'postgres';
    this.namespace = props.namespace;
    this.instances = props.instances;
    this.synchronousStandbys = props.synchronousStandbys;
    this.backupEveryDays = props.backupEveryDays;
    this.feedBacklog = props.feedBacklog;
    this.podLabels = { 'cnpg.io/cluster': this.name };
    this.poolerName = props.pooled ? `${this.name}-pooler` : undefined;
  }

  /** Labels of the pods of its instances alone, which have their metrics. */
  get instanceLabels(): Readonly<Record<string, string>> {
    return { ...this.podLabels, 'cnpg.io/podRole': 'instance' };
  }

  /** Secret of its namespace whose `ca.crt` signs the certificates of instances and poolers. */
  get authoritySecret(): string {
    return `${this.name}-ca`;
  }

  /** The primary itself: for migrations, for sessions with state and for readers of changes. */
  primaryUrl(database: string): Binding<string> {
    return this.#url(`${this.name}-rw`, database);
  }

  /** The standbys, which may lag: for reads that bear it. */
  standbyUrl(database: string): Binding<string> {
    return this.#url(`${this.name}-ro`, database);
  }

  /** The primary by its pooler, transaction by transaction; the primary itself without one. */
  transactionUrl(database: string): Binding<string> {
    return this.#url(this.poolerName ?? `${this.name}-rw`, database);
  }

  /** The server is checked by name against the authority, which a client gets as a file, as its user and password. */
  #url(host: string, database: string): Binding<string> {
    const address = `${host}.${this.namespace}.svc.cluster.local:${PostgresService.port}`;
    return Binding.of(`postgresql://${address}/${database}?sslmode=verify-full`);
  }
}
