import { declareWorker } from '@penstock/model';

/** Classifies mails: embeds each by the engine in role `embedder` and stores one verdict per mail. */
export const mailClassifier = declareWorker({ name: 'mail-classifier', payload: 'mail.v1', calls: ['embedder'] });
