import { z } from 'zod';
import { KitError } from '../errors.ts';
import type { Task } from './task.ts';

/**
 * The payload of a stored job in the version that the handler knows.
 *
 * @throws {KitError} `job-malformed` when an upgrade is missing, the payload is newer than the task, or does not check
 */
export function payloadOf({ name, version, payload, upgrades = {} }: Task, stored: number, value: unknown): unknown {
  if (stored > version) {
    throw new KitError(
      'task-unknown',
      `task ${name}: the payload is of version ${stored}, this worker knows ${version}`,
      {
        repair: 'roll out workers before those that add',
      },
    );
  }
  let upgraded = value;
  for (let at = stored; at < version; at++) {
    const upgrade = Object.hasOwn(upgrades, at) ? upgrades[at] : undefined;
    if (upgrade === undefined) {
      throw new KitError('job-malformed', `task ${name}: no upgrade of its payload from version ${at}`, {
        repair: `declare upgrades[${at}]`,
      });
    }
    upgraded = upgrade(upgraded);
  }
  const checked = payload.safeParse(upgraded);
  if (checked.success) return checked.data;
  throw new KitError('job-malformed', `task ${name}: ${z.prettifyError(checked.error)}`);
}
