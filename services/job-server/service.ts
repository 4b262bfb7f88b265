import { declareHttpService } from '@penstock/model';

/** Takes jobs by HTTP, releases them to the queue in role `jobs`, and shows what becomes of them. */
export const jobServer = declareHttpService({ name: 'job-server', calls: [], publishes: { jobs: 'job.v1' } });
