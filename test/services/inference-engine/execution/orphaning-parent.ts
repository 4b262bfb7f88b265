import { ModelPool } from '../../../../services/inference-engine/src/execution/model-pool.ts';

// Starts a model and says its process, for somebody who then kills this one.

const files = { folder: process.argv[2], dimensions: 1, maxTokens: 1 };
const script = new URL('./faulty-model.ts', import.meta.url);
const pool = await ModelPool.start<string, string>({ part: 'embedder', files, processes: 1, script });
const [answer] = await pool.run(['x'], new AbortController().signal);
process.stdout.write(`${answer?.split(' ')[0]}\n`);
