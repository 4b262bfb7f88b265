import { KitError } from '@penstock/kit';
import { defineTask, type Task } from '@penstock/kit/jobs';
import { Duration, Rate } from '@penstock/model';
import { z } from 'zod';
import { faultsOf } from './problem.ts';
import { text } from './shapes.ts';

/** A task that jobs are added by over HTTP: known by the JSON Schema of its payload, whatever language its workers speak. */
export interface RegisteredTask {
  readonly task: Task;
  readonly description: string | undefined;
  /** As it was registered. */
  readonly payload: unknown;
}

/** A text that a unit class reads; what the class says of it becomes a fault of the file. */
const unit = <Unit>(parse: (value: string) => Unit) =>
  z.string().transform((value, context): Unit => {
    try {
      return parse(value);
    } catch (error) {
      context.addIssue((error as Error).message);
      return z.NEVER;
    }
  });
const duration = unit((value) => Duration.parse(value as `${number} seconds`));
const rate = unit((value) => Rate.parse(value as `${number}/s`));
const atLeastOne = z.int().min(1);

const TasksFile = z.strictObject({
  tasks: z
    .array(
      z.strictObject({
        name: text(128),
        description: z.string().optional(),
        version: atLeastOne.default(1),
        payload: z.record(z.string(), z.unknown()),
        maxAttempts: atLeastOne.optional(),
        maxCrashes: atLeastOne.optional(),
        idempotencyWindow: duration.optional(),
        deadline: duration.optional(),
        downstream: text(128).optional(),
        limits: z
          .strictObject({ concurrency: atLeastOne.optional(), rate: rate.optional(), burst: atLeastOne.optional() })
          .transform(defined)
          .optional(),
      }),
    )
    .min(1)
    .refine((tasks) => new Set(tasks.map(({ name }) => name)).size === tasks.length, 'each name once'),
});

/**
 * Tasks of a JSON text.
 *
 * @param source names the text in errors
 * @throws {KitError} `tasks-malformed` with every fault
 */
export function readTasks(json: string, source: string): readonly RegisteredTask[] {
  const checked = TasksFile.safeParse(parsed(json, source));
  if (!checked.success) {
    const faults = faultsOf('file', checked.error, undefined).map(({ path, expected }) => `${path}: ${expected}`);
    throw malformed(source, faults.join('; '));
  }
  return checked.data.tasks.map(({ name, description, payload, maxAttempts, maxCrashes, ...spec }) => ({
    task: defineTask({
      ...defined(spec),
      version: spec.version,
      name,
      payload: schemaOf(payload, `${source}: task ${name}`),
      retry: defined({ maxAttempts, maxCrashes }),
    }),
    description,
    payload,
  }));
}

/**
 * Tasks that code declares, as `readTasks` reads them: for a server beside workers that share the code. How a worker
 * retries stays with the worker.
 */
export function writeTasks(tasks: readonly Task[]): string {
  const said = tasks.map(({ name, version, payload, retry, idempotencyWindow, deadline, downstream, limits }) =>
    defined({
      name,
      version,
      payload: z.toJSONSchema(payload, { io: 'input' }),
      maxAttempts: retry?.maxAttempts,
      maxCrashes: retry?.maxCrashes,
      idempotencyWindow: textOf(idempotencyWindow),
      deadline: textOf(deadline),
      downstream,
      limits: limits === undefined ? undefined : defined({ ...limits, rate: textOf(limits.rate) }),
    }),
  );
  return JSON.stringify({ tasks: said }, null, 2);
}

const textOf = (value: { toString(): string } | undefined): string | undefined => value?.toString();

function parsed(json: string, source: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch (cause) {
    throw malformed(source, 'no JSON', cause);
  }
}

function schemaOf(payload: object, source: string): z.ZodType<unknown> {
  try {
    return z.fromJSONSchema(payload as Parameters<typeof z.fromJSONSchema>[0]);
  } catch (cause) {
    throw malformed(source, `its payload is no JSON Schema that can be checked: ${(cause as Error).message}`, cause);
  }
}

const malformed = (source: string, what: string, cause?: unknown): KitError =>
  new KitError('tasks-malformed', `${source}: ${what}`, {
    repair: 'name each task with the JSON Schema of its payload',
    cause,
  });

type Defined<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };

/** Without what is undefined: an option that is there means something. */
export function defined<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as Defined<T>;
}
