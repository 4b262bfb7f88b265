import { readFile } from 'node:fs/promises';
import { KitError } from '../errors.ts';
import type { AwsCredentials } from './aws-signature.ts';
import { type Lent, LentCredential } from './lent-credential.ts';

export interface PodIdentityOptions {
  /** Where the agent on the node answers. @default - where EKS has it on every node */
  readonly agent?: string;
  /** File of the token that says which account the pod has; it is written anew before it ends. @default - where EKS puts it */
  readonly tokenFile?: string;
}

/**
 * What EKS tells a pod in AWS_CONTAINER_CREDENTIALS_FULL_URI and AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: the same for every
 * pod whose account has a role. The address is of the node alone; no name server can point it elsewhere.
 */
const AGENT = 'http://169.254.170.23/v1/credentials';
const TOKEN_FILE = '/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token';
const MARGIN_MS = 300_000;
const ANSWER_WITHIN_MS = 5_000;

interface Answer {
  readonly AccessKeyId: string;
  readonly SecretAccessKey: string;
  readonly Token: string;
  /** A moment, in the words of ISO 8601. */
  readonly Expiration: string;
}

/** The keys of the role that a pod has by EKS Pod Identity. */
export class PodIdentity extends LentCredential<AwsCredentials> {
  constructor({ agent = AGENT, tokenFile = TOKEN_FILE }: PodIdentityOptions = {}) {
    super(() => ask(agent, tokenFile));
  }
}

async function ask(agent: string, tokenFile: string): Promise<Lent<AwsCredentials>> {
  const repair = 'give the workload an identity in AWS, bound to its service account, and start it again';
  const authorization = await readFile(tokenFile, 'utf8').catch((cause: unknown) => {
    throw new KitError('engine-failed', `the token of the pod cannot be read from ${tokenFile}`, { cause, repair });
  });
  const response = await fetch(agent, { headers: { authorization }, signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
  if (!response.ok)
    throw new KitError('engine-failed', `the identity agent answered ${response.status} instead of keys`, { repair });
  const { AccessKeyId, SecretAccessKey, Token, Expiration } = (await response.json()) as Answer;
  return {
    value: { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: Token },
    until: Date.parse(Expiration) - MARGIN_MS,
  };
}
