import { KitError } from '../errors.ts';
import { bedrockProtocol } from './bedrock.ts';
import { directProtocol } from './direct.ts';
import { sagemakerProtocol } from './sagemaker.ts';
import { vertexProtocol } from './vertex.ts';

/** One call of a model by the OpenAI API, before it is known how it travels. */
export interface EngineCall {
  /** Path of the API, e.g. `/v1/embeddings`. Where an endpoint has one route alone, it is the one of its deployment. */
  readonly route: `/v1/${string}`;
  /** JSON. */
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Of the deadline, and of a caller that gives up. */
  readonly signal: AbortSignal;
}

/**
 * How calls reach the model at an address: paths, credentials and trust, in which a server in the cluster and those that
 * a cloud runs differ. It sends a call once and judges no answer, which it gives in the words of HTTP; refusing and trying again are one thing for all.
 */
export interface EngineProtocol {
  /** What it speaks to, for messages. */
  readonly place: string;
  /** A refusal is an answer too. @throws whatever kept one from coming */
  send(call: EngineCall): Promise<Response>;
}

const PROTOCOLS: ReadonlyMap<string, (address: URL) => EngineProtocol> = new Map<
  string,
  (address: URL) => EngineProtocol
>([
  ['http:', directProtocol],
  ['https:', directProtocol],
  ['vertex:', vertexProtocol],
  ['sagemaker:', sagemakerProtocol],
  ['bedrock:', bedrockProtocol],
]);

/**
 * The protocol that an address names.
 *
 * @param address `http://host:port` or `https://`, for a server that is spoken to directly;
 * `vertex://host/projects/<p>/locations/<l>/endpoints/<e>` for an endpoint of Vertex AI, with `?ca=` and the file of an
 * authority for one in a network, and `?api=chat` for one of the Model Garden that is asked for chats;
 * `sagemaker://host/regions/<r>/endpoints/<e>` for an endpoint of SageMaker, with `?component=` for one with copies;
 * `bedrock://host/regions/<r>/models/<m>` for a model of Bedrock, with `?guardrail=` and `&version=` of a guardrail
 * @throws {KitError} `address-malformed`
 */
export function engineProtocol(address: string): EngineProtocol {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const protocol = url === undefined ? undefined : PROTOCOLS.get(url.protocol);
  if (url !== undefined && protocol !== undefined) return protocol(url);
  throw new KitError(
    'address-malformed',
    `engine address: received ${JSON.stringify(address)}, expected http://host:port, vertex://..., sagemaker://... or bedrock://...`,
  );
}
