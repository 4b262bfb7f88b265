import { KitError } from '../errors.ts';
import { AwsFrontDoor, type AwsProtocolOptions } from './aws-front-door.ts';
import { encoded } from './aws-signature.ts';
import { bedrockEmbedding } from './bedrock-embedding.ts';
import type { EngineProtocol } from './protocol.ts';

const MODEL = /^\/regions\/(?<region>[a-z0-9-]+)\/models\/(?<model>[^/]+)$/;
const GUARDRAIL = ['guardrail', 'version'] as const;

/**
 * A model or profile of Bedrock: chats by the API of OpenAI that Bedrock has for them, embeddings by `InvokeModel` in the
 * words of the model's family, for which Bedrock has no such API. A guardrail is named with every call.
 *
 * @throws {KitError} `address-malformed`
 */
export function bedrockProtocol(address: URL, options: AwsProtocolOptions = {}): EngineProtocol {
  const { host, pathname, searchParams } = address;
  const { region, model: written = '' } = MODEL.exec(pathname)?.groups ?? {};
  const [guardrail, version] = GUARDRAIL.map((key) => searchParams.get(key));
  const others = [...searchParams.keys()].some((key) => !(GUARDRAIL as readonly string[]).includes(key));
  if (host === '' || region === undefined || others || (guardrail === null) !== (version === null))
    throw new KitError(
      'address-malformed',
      `engine address: received ${address.href}, expected bedrock://host/regions/<r>/models/<m>, with guardrail=<id> and version=<v> for one behind a guardrail`,
    );
  const model = decodeURIComponent(written);
  const door = new AwsFrontDoor({ host, region, service: 'bedrock' }, options);
  const headers = {
    'content-type': 'application/json',
    ...(guardrail == null || version == null
      ? {}
      : { 'x-amzn-bedrock-guardrailidentifier': guardrail, 'x-amzn-bedrock-guardrailversion': version }),
  };
  return {
    place: `${host}${pathname}`,
    async send({ route, body, signal }) {
      if (route === '/v1/chat/completions') {
        const asked = JSON.stringify({ ...(JSON.parse(body) as object), model });
        return door.send('/openai/v1/chat/completions', { body: asked, headers, signal });
      }
      if (route === '/v1/embeddings')
        return bedrockEmbedding(model, body, (each) =>
          door.send(`/model/${encoded(model)}/invoke`, { body: each, headers, signal }),
        );
      throw new KitError('request-refused', `${route}: Bedrock is asked for chats and embeddings`);
    },
  };
}
