import { KitError } from '../errors.ts';

/** How the models of one maker are asked for embeddings, and what they answer. */
interface EmbeddingFamily {
  /** How their ids begin, behind the regions of a profile. */
  readonly prefix: string;
  /** Texts that one call takes. */
  readonly most: number;
  request(texts: readonly string[]): object;
  /** Of the answer: a vector each, in their order. */
  vectors(answer: unknown): readonly (readonly number[])[];
}

const FAMILIES: readonly EmbeddingFamily[] = [
  {
    prefix: 'amazon.titan-embed-text-',
    most: 1,
    request: ([inputText]) => ({ inputText }),
    vectors: (answer) => [(answer as { readonly embedding: readonly number[] }).embedding],
  },
  {
    prefix: 'cohere.embed-',
    most: 96,
    request: (texts) => ({ texts, input_type: 'search_document', embedding_types: ['float'] }),
    vectors: (answer) =>
      (answer as { readonly embeddings: { readonly float: readonly (readonly number[])[] } }).embeddings.float,
  },
];

/** @param model an id, or that of a profile: `eu.cohere.embed-v4:0` */
const familyOf = (model: string): EmbeddingFamily | undefined =>
  FAMILIES.find(({ prefix }) => model.startsWith(prefix) || model.slice(model.indexOf('.') + 1).startsWith(prefix));

interface Asked {
  readonly input: string | readonly string[];
}

/**
 * Answers a call of the OpenAI embeddings API by as many of Bedrock as its model wants for it; the first that is refused is
 * the answer. The model's id has its version in it, and is the revision of the vectors.
 *
 * @throws {KitError} `request-refused` for a model of a family that is not known here
 */
export async function bedrockEmbedding(
  model: string,
  body: string,
  invoke: (body: string) => Promise<Response>,
): Promise<Response> {
  const family = familyOf(model);
  if (family === undefined)
    throw new KitError(
      'request-refused',
      `${model}: expected a model for embeddings: ${FAMILIES.map(({ prefix }) => `${prefix}...`).join(', ')}`,
    );
  const { input } = JSON.parse(body) as Asked;
  const texts = typeof input === 'string' ? [input] : input;
  const calls = Array.from({ length: Math.ceil(texts.length / family.most) }, (_, n) =>
    texts.slice(n * family.most, (n + 1) * family.most),
  );
  const answers = await Promise.all(calls.map((each) => invoke(JSON.stringify(family.request(each)))));
  const refused = answers.find(({ ok }) => !ok);
  if (refused !== undefined) return refused;
  const read = await Promise.all(answers.map((answer) => answer.json()));
  const tokens = answers.reduce((sum, { headers }) => sum + Number(headers.get(TOKENS) ?? 0), 0);
  return Response.json({
    object: 'list',
    model,
    system_fingerprint: model,
    data: read.flatMap((answer) => family.vectors(answer)).map((embedding, index) => ({ index, embedding })),
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  });
}

const TOKENS = 'x-amzn-bedrock-input-token-count';
