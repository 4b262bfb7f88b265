import { DatabaseSync } from 'node:sqlite';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';

// As a worker that starts: makes the store while nobody else may look into it, and lets go a moment later.

const HELD_MS = 200;

const database = new DatabaseSync(workerData as string);
database.exec('BEGIN EXCLUSIVE');
database.exec('CREATE TABLE verdicts (mail_id TEXT, verdict TEXT, score REAL, attempt, published_at, done_at)');
database.exec("INSERT INTO verdicts VALUES ('one', 'ham', 0.1, 1, 0, 1)");
(parentPort as MessagePort).postMessage('locked');
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, HELD_MS);
database.exec('COMMIT');
database.close();
