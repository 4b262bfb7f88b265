import { declareHttpService } from '@penstock/model';

/** Takes jobs by HTTP, releases them to the queue in role `jobs`, and shows what becomes of them. */
export const taskQueue = declareHttpService({ name: 'task-queue', calls: [], publishes: { jobs: 'job.v1' } });
