import type { Topology } from '@penstock/model';
import type { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import type { Binding } from '../binding.ts';
import { ConstructError } from '../errors.ts';
import type { Override } from './api-object.ts';
import { type PodIdentitySpec, triggerAuthentication } from './crd/trigger-authentication.ts';
import type { TriggerCredential, TriggerType } from './keda/generated-triggers.ts';
import { platformMetadata } from './labels.ts';

/** One value of a Secret in the scaler's namespace: by its name, never by what is in it. */
export interface SecretKey {
  readonly secret: string;
  readonly key: string;
}

/** The identities by which KEDA can reach each source without any secret. */
interface Identities {
  readonly kafka: AwsIdentity;
  readonly postgresql: AzureIdentity;
  readonly prometheus: AwsIdentity | GcpIdentity | AzureIdentity;
}

interface AwsIdentity {
  readonly provider: 'aws';
  /** The role KEDA assumes; or its own as it stands, or that of the account of the pods it scales. */
  readonly as: { readonly role: Binding<string> } | 'keda' | 'workload';
}
interface GcpIdentity {
  readonly provider: 'gcp';
}
interface AzureIdentity {
  readonly provider: 'azure-workload';
  /** Client id of the managed identity. */
  readonly identity: Binding<string>;
}

/** How KEDA proves who it is, by the kind of trigger it is for. */
export type TriggerCredentials<T extends TriggerType> =
  | { readonly from: 'secrets'; readonly parameters: Readonly<Partial<Record<TriggerCredential[T], SecretKey>>> }
  | (T extends keyof Identities ? { readonly from: 'pod-identity'; readonly identity: Identities[T] } : never);

export interface TriggerAuthenticationProps<T extends TriggerType> {
  readonly topology: Topology;
  /** Tells it apart from others; its object carries the platform's name in front. */
  readonly name: string;
  readonly trigger: T;
  readonly credentials: TriggerCredentials<T>;
  readonly overrides?: { readonly triggerAuthentication?: Override };
}

/**
 * Who KEDA is to one source. The only way in which a credential reaches a trigger: those of a manifest have no place for
 * one. KEDA reads Secrets in the namespace of the scaler alone.
 */
export class TriggerAuthentication<T extends TriggerType> extends Construct {
  readonly nodes: { readonly triggerAuthentication: ApiObject };
  readonly trigger: T;
  readonly reference: { readonly name: string };
  readonly #credentials: TriggerCredentials<T>;

  /** @throws {ConstructError} `reference-missing` without a single credential */
  constructor(scope: Construct, id: string, props: TriggerAuthenticationProps<T>) {
    super(scope, id);
    const { topology, credentials } = props;
    const name = `${topology.name}-${props.name}`;
    this.trigger = props.trigger;
    this.reference = { name };
    this.#credentials = credentials;
    if (credentials.from === 'secrets' && this.#parameters.length === 0)
      throw new ConstructError('reference-missing', `trigger authentication ${name}`, 'names no secret');
    const spec =
      credentials.from === 'secrets'
        ? {
            secretTargetRef: this.#parameters.map(([parameter, { secret, key }]) => ({ parameter, name: secret, key })),
          }
        : { podIdentity: podIdentity(credentials.identity) };
    this.nodes = {
      triggerAuthentication: triggerAuthentication(
        this,
        'trigger-authentication',
        { metadata: platformMetadata(topology, name), spec },
        props.overrides?.triggerAuthentication,
      ),
    };
  }

  /**
   * Its reference, once it is what a source asks for.
   *
   * @param needed parameters without which KEDA starts no scaler, or none of a pod identity
   * @throws {ConstructError} `reference-missing` when it carries something else
   */
  refer(source: string, needed: readonly TriggerCredential[T][] | 'pod-identity'): { readonly name: string } {
    const { from } = this.#credentials;
    const given = this.#parameters.map(([parameter]) => parameter);
    const missing = needed === 'pod-identity' ? [] : needed.filter((parameter) => !given.includes(parameter));
    if (from === (needed === 'pod-identity' ? 'pod-identity' : 'secrets') && missing.length === 0)
      return this.reference;
    throw new ConstructError(
      'reference-missing',
      `trigger authentication ${this.reference.name}`,
      `carries ${given.join(', ') || 'a pod identity'}, expected ${typeof needed === 'string' ? 'a pod identity' : needed.join(', ')} for ${source}`,
    );
  }

  get #parameters(): readonly (readonly [parameter: string, key: SecretKey])[] {
    return this.#credentials.from === 'secrets'
      ? (Object.entries(this.#credentials.parameters) as [string, SecretKey][])
      : [];
  }
}

function podIdentity(identity: Identities[keyof Identities]): PodIdentitySpec {
  switch (identity.provider) {
    case 'aws':
      return typeof identity.as === 'string'
        ? { provider: 'aws', identityOwner: identity.as }
        : { provider: 'aws', roleArn: identity.as.role.lower() };
    case 'gcp':
      return { provider: 'gcp' };
    case 'azure-workload':
      return { provider: 'azure-workload', identityId: identity.identity.lower() };
  }
}
