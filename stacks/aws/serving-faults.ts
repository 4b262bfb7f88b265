import { Duration, type ResolvedInferenceEngine, type Topology } from '@penstock/model';
import { askedName } from '../../constructs/aws/bedrock-access.ts';
import { copiesOn } from '../../constructs/aws/sagemaker-machine.ts';
import type { AwsEnvironment, EngineServing } from '../environments/aws-environment.ts';
import { type EnvironmentFault, refusalOf } from './environment-error.ts';
import { callersOf } from './served-engines.ts';

/** Of engines that Amazon serves. */
export function servingFaults(topology: Topology, { serving = {} }: AwsEnvironment): readonly EnvironmentFault[] {
  return Object.entries(serving).flatMap(([id, form]): readonly EnvironmentFault[] => {
    const path = `serving.${id}`;
    const engine: ResolvedInferenceEngine | undefined = topology.engines[id];
    if (engine === undefined)
      return [
        {
          code: 'reference-missing',
          path,
          received: id,
          expected: `an engine of ${topology.name}: ${Object.keys(topology.engines).join(', ') || 'it has none'}`,
          repair: 'correct the id, or leave it out',
        },
      ];
    const faults = form.by === 'sagemaker' ? endpointFaults(path, engine, form) : modelFaults(path, form);
    const callers = callersOf(topology, id);
    return callers.length === 0 ? faults : [...faults, ...callFaults(path, engine, form, callers)];
  });
}

/** Of Bedrock's models those that the kit knows how to ask for embeddings. */
const EMBEDS = /(^|\.)(amazon\.titan-embed-text|cohere\.embed)-/;

/** Of an engine that workloads call as the declaration says: they want an answer to the call, by the API of OpenAI. */
function callFaults(
  path: string,
  { id, task }: ResolvedInferenceEngine,
  form: EngineServing,
  callers: readonly string[],
): readonly EnvironmentFault[] {
  const received = `${id}, which is called by ${callers.join(', ')}`;
  if (form.by === 'sagemaker')
    return form.serving === 'asynchronous'
      ? [
          {
            code: 'settings-contradict',
            path: `${path}.serving`,
            received,
            expected: 'an endpoint that answers a call: this one answers into a bucket',
            repair: "set serving to 'real-time' or 'on-demand', or let a workload ask by itself and say so in invokes",
          },
        ]
      : [];
  const asked = askedName(form.model);
  return task === 'generation' || (task === 'embedding' && EMBEDS.test(asked))
    ? []
    : [
        {
          code: 'settings-contradict',
          path: `${path}.model`,
          received: `${asked} for ${received}`,
          expected: 'a model that Bedrock has for chats, or one for embeddings of Titan or Cohere',
          repair: 'name another model, or serve it in the cluster or on SageMaker',
        },
      ];
}

type Endpoint = Extract<EngineServing, { readonly by: 'sagemaker' }>;

/** SageMaker's own bound on how long a container may take to start. */
const LONGEST_START = Duration.seconds(3600);
/** What SageMaker waits for an answer to a call. */
const LONGEST_ANSWER = Duration.seconds(60);

function endpointFaults(
  path: string,
  engine: ResolvedInferenceEngine,
  { machine, serving, digest }: Endpoint,
): readonly EnvironmentFault[] {
  const at = `${path}.machine`;
  const misfit = refusalOf(() => copiesOn(engine, machine), {
    path: at,
    received: machine,
    repair: 'name a machine whose devices are those of the engine, as many as it takes',
  });
  const copies = misfit.length === 0 ? copiesOn(engine, machine) : 1;
  return [
    ...misfit,
    ...(copies === 1 || serving === 'on-demand'
      ? []
      : [
          {
            code: 'machine-unfit',
            path: at,
            received: `${machine}, which holds ${copies} copies`,
            expected: `one copy a machine where requests are served ${serving}`,
            repair: "name a smaller machine, or set serving to 'on-demand', which places copies",
          } as const,
        ]),
    ...(engine.startupBudget.isLongerThan(LONGEST_START)
      ? [
          {
            code: 'window-too-long',
            path,
            received: `${engine.startupBudget} to start`,
            expected: `at most ${LONGEST_START}: SageMaker waits no longer`,
            repair: 'measure loadTime again, or serve it in the cluster',
          } as const,
        ]
      : []),
    ...(serving !== 'asynchronous' && engine.doneWithin.isLongerThan(LONGEST_ANSWER)
      ? [
          {
            code: 'window-too-long',
            path: `${path}.serving`,
            received: `${serving}, and ${engine.doneWithin} for an answer`,
            expected: `an answer within ${LONGEST_ANSWER}: SageMaker waits no longer`,
            repair: "promise it sooner, or set serving to 'asynchronous', which waits an hour",
          } as const,
        ]
      : []),
    ...(/^sha256:[0-9a-f]{64}$/.test(digest)
      ? []
      : [
          {
            code: 'image-mutable',
            path: `${path}.digest`,
            received: digest,
            expected: 'sha256: and 64 digits',
            repair: 'take it from `aws ecr describe-images`',
          } as const,
        ]),
  ];
}

type Model = Extract<EngineServing, { readonly by: 'bedrock' }>;

const modelFaults = (path: string, { model }: Model): readonly EnvironmentFault[] =>
  Object.values(model)
    .flat()
    .filter((text) => text === '' || text.includes('*'))
    .map((text) => ({
      code: 'access-too-wide',
      path: `${path}.model`,
      received: JSON.stringify(text),
      expected: 'the id of one model, profile or region',
      repair: 'name each: a pattern is a right to ask what nobody has read about',
    }));
