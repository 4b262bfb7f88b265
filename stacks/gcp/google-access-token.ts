import { VertexError } from '../../constructs/gcp/vertex-error.ts';

/** Of every machine of Google Cloud: a link-local address that no name server can point elsewhere. */
const METADATA = 'http://169.254.169.254/computeMetadata/v1/instance/service-accounts/default/token';

interface Token {
  readonly access_token: string;
}

/**
 * The token that is given by GOOGLE_OAUTH_ACCESS_TOKEN, the variable that the Google provider itself reads (`gcloud auth
 * print-access-token` prints one, good for an hour); else that of the machine. Asked for again at each request: the
 * metadata server keeps one until it ends.
 *
 * @throws {VertexError} `credentials-refused` where there is neither
 */
export async function googleAccessToken(): Promise<string> {
  const given = process.env['GOOGLE_OAUTH_ACCESS_TOKEN'];
  if (given !== undefined && given !== '') return given;
  try {
    const response = await fetch(METADATA, {
      headers: { 'metadata-flavor': 'Google' },
      signal: AbortSignal.timeout(5_000),
    });
    if (response.ok) return ((await response.json()) as Token).access_token;
    throw new VertexError('credentials-refused', METADATA, `answered ${response.status}`);
  } catch (cause) {
    if (VertexError.is(cause)) throw cause;
    throw new VertexError(
      'credentials-refused',
      'GOOGLE_OAUTH_ACCESS_TOKEN',
      'is not set, and this is no machine of Google Cloud: set it to what `gcloud auth print-access-token` prints',
      { cause },
    );
  }
}
