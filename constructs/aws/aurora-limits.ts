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
