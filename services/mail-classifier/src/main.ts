import { readFile } from 'node:fs/promises';
import { addressesOf, EngineClient, openBus, openSqliteEffects, runService, startWorker } from '@penstock/kit';
import { engineVariable } from '@penstock/model';
import { mailClassifier } from '../service.ts';
import { parseClassifier } from './classifier.ts';
import { classifyMails, VERDICTS_SCHEMA } from './classify.ts';

await runService(mailClassifier, process, process.env, async ({ profile, env, log }) => {
  const role = 'embedder';
  const addresses = addressesOf(env, ['PENSTOCK_BUS', 'PENSTOCK_EFFECTS', 'PENSTOCK_CLASSIFIER', engineVariable(role)]);
  const call = profile.calls[role];
  const classifier = parseClassifier(await readFile(addresses['PENSTOCK_CLASSIFIER'] as string, 'utf8'));
  const bus = await openBus(addresses['PENSTOCK_BUS'] as string);
  const queue = await bus.bind(profile.queue);
  const effects = await openSqliteEffects({
    path: (addresses['PENSTOCK_EFFECTS'] as string).replace(/^sqlite:/, ''),
    idempotencyWindowMs: profile.queue.idempotencyWindowMs,
    schema: [VERDICTS_SCHEMA],
  });
  const embedder = new EngineClient({ url: addresses[engineVariable(role)] as string, model: call?.model ?? '' });
  const handler = classifyMails({
    embedder,
    callDeadlineMs: call?.deadlineMs ?? profile.queue.ackWaitMs,
    classifier,
    effects,
  });
  const worker = startWorker({ profile, queue, handler, log });
  return {
    notReady: () => undefined,
    failed: worker.closed.then(() => new Promise<never>(() => {})),
    finished: worker.finished,
    async drain() {
      await worker.drain();
      await effects.close();
      await bus.close();
    },
  };
});
