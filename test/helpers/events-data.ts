import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Requirement } from './requirement.ts';

const FOLDER = join(process.env['PENSTOCK_DATA'] ?? join(import.meta.dirname, '../../../shared/data'), 'events');

/** A file or folder of real events and of what specifications test themselves with. */
export const eventsData = (...path: readonly string[]): string => join(FOLDER, ...path);

/** For `describeWith`. */
export const eventsDataRequirement: Requirement = {
  name: 'data',
  available: existsSync(FOLDER),
  howToGet: 'name a folder with events/ in PENSTOCK_DATA',
};
