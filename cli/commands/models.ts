import { CommandError, EXIT } from '../exit.ts';
import { MINILM } from '../models/catalogue.ts';
import { ensureModel, modelCache, verifyModel } from '../models/fetch.ts';

const HELP = `usage: penstock models <fetch | verify>

  fetch     get the local models into the cache, verified by sha256
  verify    hash what is in the cache
`;

/** The local models: fetched once, kept outside of the checkout. */
export async function models([action]: readonly string[]): Promise<number> {
  const cache = modelCache(process.env);
  if (action === 'fetch') {
    const fetched = await ensureModel(MINILM, cache, (text) => process.stderr.write(`${text}\n`));
    if ('reason' in fetched) throw new CommandError('model-missing', `${MINILM.id}: ${fetched.reason}`);
    process.stdout.write(`${MINILM.id}  ${fetched.folder}\n`);
    return EXIT.ok;
  }
  if (action === 'verify') {
    const faults = await verifyModel(MINILM, cache);
    if (faults.length > 0) throw new CommandError('model-missing', faults.join('\n'));
    process.stdout.write(`${MINILM.id}  sound\n`);
    return EXIT.ok;
  }
  process.stdout.write(HELP);
  return action === '--help' ? EXIT.ok : EXIT.invalid;
}
