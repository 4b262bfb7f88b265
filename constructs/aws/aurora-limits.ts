import { ConstructError } from '../errors.ts';
import type { AuroraPostgresProps } from './aurora-postgres.ts';

const GIB = 1024 ** 3;
/** Memory of the smallest machine of the classes that we offer; the next sizes have multiples of it. */
const LARGE_GIB = 16;
/** An Aurora capacity unit is about so much memory. */
const UNIT_GIB = 2;
/** Aurora's default: memory of the class by so many bytes, and no more than 5000. */
const BYTES_A_CONNECTION = 9_531_392;
const MOST_CONNECTIONS = 5000;
/** Of instances that may shrink to half a unit. */
const MOST_OF_SMALL = 2000;
const SMALL_UNITS = 0.5;

/** Connections that one instance takes by Aurora's own formula (user guide, AuroraPostgreSQL.Managing). */
export function connectionLimit(capacity: AuroraPostgresProps['capacity']): number {
  if (capacity.kind === 'serverless') {
    const most = capacity.minimumUnits <= SMALL_UNITS ? MOST_OF_SMALL : MOST_CONNECTIONS;
    return connectionsIn(capacity.maximumUnits * UNIT_GIB, most);
  }
  const size = capacity.instance.split('.')[1] ?? '';
  const larges = size === 'large' ? 1 : Number(size.replace('xlarge', '') || '1') * 2;
  return connectionsIn(larges * LARGE_GIB, MOST_CONNECTIONS);
}

const connectionsIn = (gib: number, most: number): number =>
  Math.min(Math.floor((gib * GIB) / BYTES_A_CONNECTION), most);

const LEAST_UNITS = 0.5;
const MOST_UNITS = 256;

/** @throws {ConstructError} `resources-too-small` for capacity that Aurora does not have */
export function checkCapacity(name: string, capacity: AuroraPostgresProps['capacity']): void {
  if (capacity.kind === 'provisioned') return;
  const { minimumUnits, maximumUnits } = capacity;
  const halves = [minimumUnits, maximumUnits].every((units) => Number.isInteger(units * 2));
  if (halves && minimumUnits >= LEAST_UNITS && maximumUnits >= minimumUnits && maximumUnits <= MOST_UNITS) return;
  throw new ConstructError(
    'resources-too-small',
    `Aurora cluster ${name}`,
    `runs on ${minimumUnits} to ${maximumUnits} units, expected halves from ${LEAST_UNITS} to ${MOST_UNITS}, the smaller first`,
  );
}
