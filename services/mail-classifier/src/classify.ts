import { Deadline, type EffectStore, type EngineClient, type Handler, KitError, type Statement } from '@penstock/kit';
import { type Classifier, scoreOf } from './classifier.ts';
import { parseMail, textOf } from './mail.ts';

/** The effect's table: one row a mail, written once. Times are milliseconds since the epoch. */
export const VERDICTS_SCHEMA = `
  CREATE TABLE IF NOT EXISTS verdicts (
    mail_id TEXT NOT NULL,
    verdict TEXT NOT NULL CHECK (verdict IN ('ham', 'spam')),
    score REAL NOT NULL,
    attempt INTEGER NOT NULL,
    published_at INTEGER NOT NULL,
    done_at INTEGER NOT NULL
  )
`;

export interface ClassifyOptions {
  readonly embedder: Pick<EngineClient, 'embed'>;
  /** Longest a call may take. */
  readonly callDeadlineMs: number;
  readonly classifier: Classifier;
  readonly effects: Pick<EffectStore, 'begin' | 'apply'>;
}

/** Embeds a mail, classifies it and stores the verdict, effectively once. */
export function classifyMails({ embedder, callDeadlineMs, classifier, effects }: ClassifyOptions): Handler {
  return async (job, { signal }) => {
    const mail = parseMail(job.payload);
    if ((await effects.begin(job.idempotencyKey, job.token)) === 'applied') return;
    // The call's own deadline and not the item's: a late item is still to be done.
    const { vectors, revision } = await embedder.embed([textOf(mail)], {
      deadline: Deadline.after(callDeadlineMs),
      signal,
    });
    if (revision !== classifier.revision) {
      // Retryable: during a rollout of the engine the next attempt may meet the revision that fits.
      throw new KitError(
        'engine-failed',
        `the classifier was trained on revision ${classifier.revision} of ${classifier.model}, the engine has ${revision}`,
      );
    }
    const score = scoreOf(classifier, vectors[0] ?? new Float32Array());
    const verdict: Statement = {
      sql: 'INSERT INTO verdicts (mail_id, verdict, score, attempt, published_at, done_at) VALUES ($1, $2, $3, $4, $5, $6)',
      params: [
        mail.id,
        score >= 0.5 ? 'spam' : 'ham',
        Number(score.toFixed(4)),
        job.attempt,
        job.publishedAt,
        Date.now(),
      ],
    };
    await effects.apply(job.idempotencyKey, job.token, [verdict]);
  };
}
