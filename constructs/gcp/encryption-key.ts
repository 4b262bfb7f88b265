import { kms, projects } from '@pulumi/gcp';
import { ComponentResource, type ComponentResourceOptions, type Output } from '@pulumi/pulumi';
import { type EnvironmentKind, protectedIn } from './environment-kind.ts';
import { agentMadeFor, type GoogleProject, type ServiceAgent, serviceAgent } from './google-project.ts';

export interface EncryptionKeyArgs {
  readonly project: GoogleProject;
  /** Where the key lies: the region of what it encrypts. */
  readonly location: string;
  /** Google's own services that encrypt by it. */
  readonly usedBy: readonly ServiceAgent[];
  readonly environment: EnvironmentKind;
}

const DAY_SECONDS = 86_400;

/** New data gets a new version four times a year; older versions go on opening what they closed. */
const ROTATION_DAYS = 90;

/** The time to notice that a key should not have been destroyed: with its last version goes all it ever encrypted. */
const DESTROY_DAYS = 30;

/** A key of Cloud KMS that the services of Google which store the data use, and nobody else. */
export class EncryptionKey extends ComponentResource {
  readonly nodes: {
    readonly ring: kms.KeyRing;
    readonly key: kms.CryptoKey;
    readonly grants: readonly kms.CryptoKeyIAMMember[];
  };
  /** What is given to a resource that the key encrypts. That resource also has to depend on this one: on its grants. */
  readonly keyId: Output<string>;

  constructor(name: string, args: EncryptionKeyArgs, options: ComponentResourceOptions = {}) {
    super('penstock:gcp:EncryptionKey', name, {}, options);
    const kept = { parent: this, ...protectedIn(args.environment), retainOnDelete: true };
    const ring = new kms.KeyRing(name, { location: args.location }, kept);
    const key = new kms.CryptoKey(
      name,
      {
        keyRing: ring.id,
        purpose: 'ENCRYPT_DECRYPT',
        rotationPeriod: `${ROTATION_DAYS * DAY_SECONDS}s`,
        destroyScheduledDuration: `${DESTROY_DAYS * DAY_SECONDS}s`,
      },
      kept,
    );
    const grants = args.usedBy.map((agent) => {
      const service = agentMadeFor(agent);
      // Nobody can be granted anything before they exist.
      const dependsOn =
        service === undefined
          ? []
          : [new projects.ServiceIdentity(`${name}-${agent}`, { project: args.project.id, service }, { parent: this })];
      return new kms.CryptoKeyIAMMember(
        `${name}-${agent}`,
        {
          cryptoKeyId: key.id,
          role: 'roles/cloudkms.cryptoKeyEncrypterDecrypter',
          member: serviceAgent(args.project, agent),
        },
        { parent: this, dependsOn },
      );
    });
    this.nodes = { ring, key, grants };
    this.keyId = key.id;
    this.registerOutputs({ keyId: this.keyId });
  }
}
