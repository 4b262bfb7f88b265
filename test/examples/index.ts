import type { App } from 'cdk8s';
import type { Manifest } from '../../constructs/policies/index.ts';
import { apiWithJobs } from './api-with-jobs.ts';
import { eventsOnKafka } from './events-on-kafka.ts';
import { languageModel } from './language-model.ts';
import { mailPipeline } from './mail-pipeline.ts';
import { queueInANamespace } from './queue-in-a-namespace.ts';
import { twoEngines } from './two-engines.ts';

/** Stacks as a platform team would write them, by name. */
export const EXAMPLES: readonly (readonly [name: string, example: () => App])[] = [
  ['mail-pipeline', mailPipeline],
  ['two-engines', twoEngines],
  ['queue-in-a-namespace', queueInANamespace],
  ['events-on-kafka', eventsOnKafka],
  ['api-with-jobs', apiWithJobs],
  ['language-model', languageModel],
];

export const manifestsOf = (app: App): readonly Manifest[] =>
  app.charts.flatMap((chart) => chart.toJson() as Manifest[]);
