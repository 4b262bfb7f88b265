import { fileURLToPath } from 'node:url';
import { CommandError } from '../exit.ts';
import { HASHED_NGRAMS, MINILM } from './catalogue.ts';
import { ensureModel, modelCache } from './fetch.ts';

/** The embedding model this machine runs. */
export interface LocalModel {
  readonly id: string;
  readonly revision: string;
  readonly dimensions: number;
  /** For people. */
  readonly title: string;
  /** Where its files are; undefined for one that needs none. */
  readonly folder: string | undefined;
  /** The classifier trained on its embeddings. */
  readonly classifier: string;
}

const classifierOf = (id: string): string =>
  fileURLToPath(new URL(`../../services/mail-classifier/classifiers/${id}.json`, import.meta.url));

/**
 * The model that was asked for; without a wish the best that can be had, with a word when that is not the first choice.
 *
 * @throws {CommandError} `usage` for an unknown id, `model-missing` when the one asked for cannot be had
 */
export async function localModel(
  requested: string | undefined,
  screen: { write(text: string): void },
): Promise<LocalModel> {
  if (requested === HASHED_NGRAMS.id) return hashedNgrams();
  if (requested !== undefined && requested !== MINILM.id) {
    throw new CommandError('usage', `--model: received "${requested}", expected ${MINILM.id} or ${HASHED_NGRAMS.id}`);
  }
  const fetched = await ensureModel(MINILM, modelCache(process.env), (text) => screen.write(`${text}\n`));
  if ('folder' in fetched) {
    const { id, revision, dimensions, title } = MINILM;
    return { id, revision, dimensions, title, folder: fetched.folder, classifier: classifierOf(id) };
  }
  if (requested !== undefined) throw new CommandError('model-missing', `${MINILM.id}: ${fetched.reason}`);
  screen.write(
    `${MINILM.title} cannot be had here: ${fetched.reason}.\nRuns with ${HASHED_NGRAMS.title} instead, which is less accurate.\n`,
  );
  return hashedNgrams();
}

function hashedNgrams(): LocalModel {
  return { ...HASHED_NGRAMS, folder: undefined, classifier: classifierOf(HASHED_NGRAMS.id) };
}
