import { inferenceEngine } from '@penstock/inference-engine/service';
import { mailClassifier } from '@penstock/mail-classifier/service';
import {
  type AcceleratorSpec,
  type AwsOnDemandMachine,
  Duration,
  declareHttpService,
  declareJob,
  defineTopology,
  gpuMemory,
  type HttpServiceSpec,
  type InferenceEngineSpec,
  type MigrationSpec,
  machineFor,
  migSlice,
  type ScheduleSpec,
  type SpotClass,
  type WorkerSpec,
} from '@penstock/model';

// Compiled by types.test.ts and never run: each line below an @ts-expect-error must not compile.

const workTime = { mean: '1 second', p99: '3 seconds' } as const;
const queues = { mails: { arrivalRate: '30/s', doneWithin: '1 minute' } } as const;

// @ts-expect-error a misspelt unit
Duration.parse('30 secnds');
// @ts-expect-error a number has no unit
defineTopology({ name: 'a', queues: { mails: { arrivalRate: 30, doneWithin: '1 minute' } }, workers: {} });
// @ts-expect-error a queue that is not declared
defineTopology({ name: 'a', queues, workers: { w: { service: mailClassifier, queue: 'mail', workTime } } });
// @ts-expect-error an engine where a worker belongs
defineTopology({ name: 'a', queues, workers: { w: { service: inferenceEngine, queue: 'mails', workTime } } });

export const scaled: WorkerSpec = {
  service: mailClassifier,
  queue: 'mails',
  workTime,
  idle: 'scale-to-zero',
  // @ts-expect-error a replica that is always there contradicts scaling to zero
  pinned: { minReplicas: 1 },
};
// @ts-expect-error a class that cannot be cut
export const cut: AcceleratorSpec = { gpu: 'l4', mig: '1g.10gb' };
// @ts-expect-error a slice of another class
export const foreign: AcceleratorSpec = { gpu: 'h100', mig: '1g.5gb' };
// @ts-expect-error several devices, each of them shared
export const torn: AcceleratorSpec = { gpu: 'l4', sharedBy: 2, devices: 2 };
// @ts-expect-error a language model without what a token of it holds
export const unsized: InferenceEngineSpec['model'] & object = { id: 'm', revision: '1', weights: '1 GB' };
// @ts-expect-error a field that does not exist
export const misspelt: WorkerSpec = { service: mailClassifier, queue: 'mails', workTime, itemAtOnce: 3 };
// @ts-expect-error work without its time
export const unmeasured: WorkerSpec = { service: mailClassifier, queue: 'mails' };

// @ts-expect-error a machine whose devices are of another class
machineFor('aws', 'p5.48xlarge', 'l4');
// @ts-expect-error a machine of the other cloud
machineFor('aws', 'a3-highgpu-8g', 'h100');
// @ts-expect-error a machine with Mega devices is still no machine with H200
machineFor('gke', 'a3-megagpu-8g', 'h200');
// @ts-expect-error a class that one cloud rents and the other does not
machineFor('gke', 'g6e.xlarge', 'l40s');
// @ts-expect-error a device that cannot be cut
migSlice('l4', '1g.10gb');
// @ts-expect-error a slice of another class
migSlice('h100', '1g.5gb');
// @ts-expect-error a class that nobody rents
gpuMemory('h800');

const front = declareHttpService({ name: 'front', calls: [], publishes: { mails: 'mail.v1' } });
const report = declareJob({ name: 'report', calls: [], publishes: {} });
const request = { arrivalRate: '5/s', requestTime: workTime, requestsAtOnce: 10, doneWithin: '5 seconds' } as const;

// @ts-expect-error a service that waits for others does not show its load, so nothing follows its peak
export const followed: HttpServiceSpec = { service: front, ...request, peakWithin: '10 minutes' };
// @ts-expect-error whoever wants the load to be followed says how fast it comes
export const unknownPeak: HttpServiceSpec = { service: front, ...request, limitedBy: 'cpu' };
export const scaledTwice: HttpServiceSpec = {
  service: front,
  ...request,
  limitedBy: 'cpu',
  peakWithin: '10 minutes',
  // @ts-expect-error what is scaled has bounds, not one number
  pinned: { replicas: 4 },
};
// @ts-expect-error a job where a service that answers requests belongs
export const silent: HttpServiceSpec = { service: report, ...request };
// @ts-expect-error a number of minutes is no schedule
export const periodic: ScheduleSpec = { service: report, cron: 15, runTime: workTime };
// @ts-expect-error a migration runs before everything that it could call
export const calling: MigrationSpec = { service: report, longestRun: '1 minute' };
const workers = { w: { service: { ...mailClassifier, calls: [] }, queue: 'mails', workTime } } as const;
const publishes = { mails: { queue: 'mail' } } as const;
// @ts-expect-error a queue that is not declared
defineTopology({ name: 'a', queues, workers, httpServices: { h: { service: front, ...request, publishes } } });
// @ts-expect-error a machine that is sold in Capacity Blocks only
export const byTheHour: AwsOnDemandMachine<'h200'> = 'p5e.48xlarge';
// @ts-expect-error a class that Spot has one machine of
export const takenBack: SpotClass = 'b200';
