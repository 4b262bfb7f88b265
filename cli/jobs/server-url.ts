/** Where `penstock` looks for a task queue when it is told nothing: the port that the service declares, on this machine. */
export const taskQueueUrl = 'http://127.0.0.1:8080';
