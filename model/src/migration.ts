import { type ResolvedResources, type ResourcesSpec, readResources } from './resources.ts';
import type { MigrationDeclaration } from './service.ts';
import { readService } from './service-reference.ts';
import type { SpecReader } from './spec-reader.ts';
import { Duration, type DurationInput } from './units.ts';

/**
 * What has to be done once before the workloads of a release start, e.g. a change of a schema. It is tried again after a
 * failure and run again where its record was lost, so it has to be idempotent, and the workloads of the release before
 * have to work with its result: they run until it is done.
 */
export interface MigrationSpec {
  /** What the image says of itself: the service's `service.ts`. */
  readonly service: MigrationDeclaration;
  /** The longest run, measured on as much data as there is. */
  readonly longestRun: DurationInput;
  /** Times that it is tried. @default 3 */
  readonly attempts?: number;
  /** From SIGTERM until it has left everything as the next attempt can take it up. @default '25 seconds' */
  readonly stopsWithin?: DurationInput;
  /** From the apply until it works: node, image, start. @default '30 seconds' */
  readonly coldStart?: DurationInput;
  readonly resources?: ResourcesSpec;
}

export interface MigrationFacts {
  readonly service: MigrationDeclaration;
  readonly longestRun: Duration;
  readonly attempts: number;
  readonly stopsWithin: Duration;
  readonly coldStart: Duration;
  readonly resources: ResolvedResources;
}

/** A migration with every number it runs by. */
export interface ResolvedMigration extends MigrationFacts {
  readonly id: string;
  /** Name of its objects on every target. */
  readonly name: string;
  /** From its start until it is given up, all attempts included. */
  readonly deadline: Duration;
  readonly terminationGrace: Duration;
}

export function readMigration(reader: SpecReader): MigrationFacts | undefined {
  return reader.complete<MigrationFacts>({
    service: readService(reader, 'migration'),
    longestRun: reader.unit('longestRun', Duration),
    attempts: reader.countOr('attempts', 3),
    stopsWithin: reader.unitOr('stopsWithin', Duration, '25 seconds'),
    coldStart: reader.unitOr('coldStart', Duration, '30 seconds'),
    resources: readResources(reader.inner('resources', 'optional')),
  });
}
