import { KitError } from '../errors.ts';
import { type Lent, LentCredential } from './lent-credential.ts';

/** Of every machine of Google Cloud and every pod with an account there; no name server can point it elsewhere. */
const METADATA = 'http://169.254.169.254';
const TOKEN_PATH = '/computeMetadata/v1/instance/service-accounts/default/token';
/** The server has a new one ready when five minutes are left. */
const MARGIN_MS = 240_000;
const ANSWER_WITHIN_MS = 5_000;

interface Answer {
  readonly access_token: string;
  /** Seconds. */
  readonly expires_in: number;
}

/** The token of the account that a process runs as. */
export class GoogleAccessToken extends LentCredential<string> {
  /** @param metadata @default - the server that every machine has */
  constructor(metadata: string = METADATA) {
    super(() => ask(metadata));
  }
}

async function ask(metadata: string): Promise<Lent<string>> {
  const response = await fetch(`${metadata}${TOKEN_PATH}`, {
    headers: { 'metadata-flavor': 'Google' },
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  });
  if (!response.ok)
    throw new KitError('engine-failed', `the metadata server answered ${response.status} instead of a token`, {
      repair: 'give the workload an account of Google, bound to its service account',
    });
  const { access_token: value, expires_in: seconds } = (await response.json()) as Answer;
  return { value, until: Date.now() + seconds * 1_000 - MARGIN_MS };
}
