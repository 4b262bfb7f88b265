import { runDeadlineFor, runsAtOnceFor, startWithinFor } from '../derive/runs.ts';
import { terminationGraceFor } from '../derive/termination.ts';
import type { MigrationFacts, ResolvedMigration } from '../migration.ts';
import { workloadName } from '../names.ts';
import type { ResolvedSchedule, ScheduleFacts } from '../schedule.ts';
import { type Place, report } from './place.ts';

// What begins and ends by itself: scheduled work and migrations.

export function resolveSchedule(place: Place, facts: ScheduleFacts): ResolvedSchedule {
  const { runTime, attempts, coldStart, shortestInterval, overlap } = facts;
  const deadline = runDeadlineFor(runTime.p99, attempts, coldStart);
  const healthy = coldStart.plus(runTime.p99);
  if (overlap === 'forbidden' && healthy.isLongerThan(shortestInterval)) {
    report(
      place,
      'run-exceeds-interval',
      'runTime.p99',
      runTime.p99,
      `at most ${shortestInterval.minus(coldStart)}: with its start, a healthy run would swallow the next one`,
      "run it less often, make it shorter, or allow it: overlap: 'allowed'",
    );
  }
  return {
    ...facts,
    id: place.id,
    name: workloadName(place.topology, place.id),
    startWithin: facts.startWithin ?? startWithinFor(shortestInterval),
    deadline,
    runsAtOnce: overlap === 'allowed' ? runsAtOnceFor(deadline, shortestInterval) : 1,
    drain: facts.stopsWithin,
    terminationGrace: terminationGraceFor(facts.stopsWithin).roundedUpToSeconds(),
  };
}

export function resolveMigration(place: Place, facts: MigrationFacts): ResolvedMigration {
  return {
    ...facts,
    id: place.id,
    name: workloadName(place.topology, place.id),
    deadline: runDeadlineFor(facts.longestRun, facts.attempts, facts.coldStart),
    terminationGrace: terminationGraceFor(facts.stopsWithin).roundedUpToSeconds(),
  };
}
