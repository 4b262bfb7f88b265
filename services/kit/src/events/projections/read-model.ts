import { KitError } from '../../errors.ts';
import type { EventDatabase } from '../event-database.ts';
import { isBehind, type Place } from '../event-store/stored-event.ts';

const LOOK_MS = 50;

/**
 * Waits until what readers see of a projection holds everything up to a place: whoever wrote it reads it.
 *
 * @param withinMs after which it gives up
 * @throws {KitError} `deadline-exceeded`
 */
export async function readYourWrites(
  database: EventDatabase,
  name: string,
  place: Place,
  withinMs: number,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const changed = database.changed(LOOK_MS);
    const all = await database.run('checkpoints');
    const seen = all.find((checkpoint) => checkpoint.name === name && checkpoint.isActive === 1);
    if (seen !== undefined && !isBehind(seen.place, place)) return;
    if (performance.now() > deadline)
      throw new KitError('deadline-exceeded', `projection ${name} is not there after ${withinMs} ms`, {
        repair: 'read what there is, or look why it is behind',
      });
    await changed;
  }
}
