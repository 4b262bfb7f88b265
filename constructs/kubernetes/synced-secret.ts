import { Duration, type DurationInput, type Topology } from '@penstock/model';
import type { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { ConstructError } from '../errors.ts';
import type { SecretReference } from '../secret-reference.ts';
import type { Override } from './api-object.ts';
import { externalSecret } from './crd/external-secret.ts';
import { platformMetadata } from './labels.ts';
import { goDuration } from './lowering.ts';
import type { Mount } from './pod-template.ts';
import type { SecretKey } from './trigger-authentication.ts';

export interface SyncedSecretProps {
  readonly topology: Topology;
  /** Name of the Secret that comes to be, with the platform's name in front. */
  readonly name: string;
  readonly store: { readonly name: string; readonly kind: 'SecretStore' | 'ClusterSecretStore' };
  /** The file of each secret, and where its value is kept. */
  readonly files: Readonly<Record<string, SecretReference>>;
  /** How soon a rotated secret is here. @default '1 hour' */
  readonly refresh?: DurationInput;
  /** Where the files lie in a pod. @default '/var/run/secrets/penstock/<name>' */
  readonly path?: string;
  readonly overrides?: { readonly externalSecret?: Override };
}

/** Where the files of a secret of that name lie in a pod, unless it says otherwise. */
export const secretPath = (name: string): string => `/var/run/secrets/penstock/${name}`;

/** Readable by the pod's own user and group, written by nobody. */
const MODE = 0o440;

/**
 * Secrets of a store as files of a pod, by the External Secrets operator. The manifest holds names only. A secret that
 * is gone from its store stays in the cluster: what runs must not fall over because somebody tidied up.
 */
export class SyncedSecret extends Construct {
  readonly nodes: { readonly externalSecret: ApiObject };
  readonly mount: Mount;
  readonly #name: string;
  readonly #files: readonly string[];

  constructor(scope: Construct, id: string, props: SyncedSecretProps) {
    super(scope, id);
    const { topology } = props;
    const name = `${topology.name}-${props.name}`;
    const refresh = Duration.is(props.refresh) ? props.refresh : Duration.parse(props.refresh ?? '1 hour');
    this.nodes = {
      externalSecret: externalSecret(
        this,
        'external-secret',
        {
          metadata: platformMetadata(topology, name),
          spec: {
            refreshInterval: goDuration(refresh.toMilliseconds('up')),
            secretStoreRef: props.store,
            target: { name, creationPolicy: 'Owner', deletionPolicy: 'Retain' },
            data: Object.entries(props.files).map(([secretKey, reference]) => ({
              secretKey,
              remoteRef: reference.lower(),
            })),
          },
        },
        props.overrides?.externalSecret,
      ),
    };
    this.#name = name;
    this.#files = Object.keys(props.files);
    this.mount = {
      name: props.name,
      path: props.path ?? secretPath(props.name),
      readOnly: true,
      source: { secret: { secretName: name, defaultMode: MODE } },
    };
  }
  /**
   * One of its files for an operator that reads Secrets of the cluster, by name.
   *
   * @throws {ConstructError} `reference-missing` when it has no such file
   */
  key(file: string): SecretKey {
    if (this.#files.includes(file)) return { secret: this.#name, key: file };
    throw new ConstructError(
      'reference-missing',
      `secret ${this.#name}`,
      `has no file ${JSON.stringify(file)}, expected one of ${this.#files.join(', ')}`,
    );
  }
}
